from pydantic import BaseModel, ConfigDict, ValidationError

from shoal.validation_messages import sentence, spelling, without_consequences


class Account(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str
    password: str = ""


class Accounts(BaseModel):
    accounts: list[Account]


def sentences(*accounts: object) -> list[str]:
    try:
        Accounts.model_validate({"accounts": accounts})
    except ValidationError as exc:
        errors = without_consequences(exc.errors(include_url=False), Accounts)
        return [sentence(error, f"p:{spelling(error['loc'])}", Accounts) for error in errors]
    return []


def test_value_that_may_be_a_secret_is_not_shown() -> None:
    assert sentences({"name": "a", "password": 4711}) == ["p:accounts[0].password is [secret]; it must be text"]


def test_misspelt_key_is_not_missing_too() -> None:
    assert sentences({"naem": "a"}) == ["p:accounts[0].naem is not a known key; did you mean name?"]
    assert sentences({"zzzz": "a"}) == [
        "p:accounts[0].name is missing",
        "p:accounts[0].zzzz is not a known key; known are name, password",
    ]
