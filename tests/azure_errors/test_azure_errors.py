"""The explanation of each known error, wherever a user meets it."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from pulumi.automation import DiagnosticEvent, EngineEvent

from components.packages.publication import Publication, publish
from components.packages.role_wait import RoleWait
from shoal.azure_errors import KNOWN, explained, recognized, with_explanations
from shoal.azure_errors.known import FIELD, KnownError
from shoal.deploy.embedded.embedded_engine import EmbeddedEngine
from shoal.deploy.embedded_service import EmbeddedService
from shoal.deploy.pulumi.engine_events import EngineEvents
from shoal.errors import WorkFailed
from shoal.projects.project import Stack, find_project, read_stack
from shoal.service_status import Status
from tests.azure_errors.refusing import refusing
from tests.azure_errors.samples import SAMPLES, Sample
from tests.deploy.projects import Project
from tests.deploy.test_engine import GROUP
from tests.services import REPOSITORY

TEXT = (REPOSITORY / "docs" / "errors.md").read_text()
URN = "urn:pulumi:dev::shoal::shoal:index:Environment$azure-native:batch:Pool::spot-pool"
RULE = "-" * 80
each_sample = pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.code or sample.message[:20])


def by_azure_native(sample: Sample) -> str:
    return f'Status=409 Code="{sample.code}" Message={json.dumps(sample.message)}' if sample.code else sample.message


def by_the_sdk_for_go(sample: Sample) -> str:
    body = json.dumps({"error": {"code": sample.code, "message": sample.message}}, indent=2)
    return (
        f"PUT https://management.azure.com/x\n{RULE}\nRESPONSE 409: 409 Conflict\n"
        f"ERROR CODE: {sample.code}\n{RULE}\n{body}\n{RULE}\n"
        if sample.code
        else sample.message
    )


def by_the_sdk_for_python(sample: Sample) -> str:
    return f"({sample.code}) {sample.message}\nCode: {sample.code}\nMessage: {sample.message}"


def by_terraform(sample: Sample) -> str:
    return f"unexpected status 409 (409 Conflict) with error: {sample.code}: {sample.message}"


FORMS = (by_azure_native, by_the_sdk_for_go, by_the_sdk_for_python, by_terraform)


@pytest.fixture(scope="module")
def stack() -> Stack:
    return read_stack("local", find_project(REPOSITORY))


@each_sample
def test_error_is_explained_in_one_sentence_whichever_client_wrote_it(sample: Sample) -> None:
    for form in FORMS:
        sentence = explained(form(sample))
        assert sentence is not None, form(sample)
        assert sample.explanation in sentence
        assert "{" not in sentence
        assert "\n" not in sentence


@each_sample
def test_pulumis_engine_puts_the_explanation_first_and_keeps_the_original(sample: Sample) -> None:
    events = EngineEvents(lambda _: None, planned=False, on_message=lambda _severity, _text: None)
    original = f"1 error occurred:\n\t* creating resource: {by_azure_native(sample)}"
    diagnostic = DiagnosticEvent(message=original, color="never", severity="error", urn=URN)
    events.take(EngineEvent(sequence=1, timestamp=0, diagnostic_event=diagnostic))
    sentence, *below = events.summary.splitlines()
    assert sample.explanation in sentence
    assert below == [f"  {line}" for line in f"batch:Pool spot-pool: {original}".splitlines()]


@each_sample
def test_embedded_engine_puts_the_explanation_first_and_keeps_the_original(
    sample: Sample, stack: Stack, service: Status
) -> None:
    with refusing(sample) as endpoint:
        engine = EmbeddedEngine(service=EmbeddedService(status=replace(service, arm_endpoint=endpoint)))
        with pytest.raises(WorkFailed) as failure:
            engine.destroy(stack, on_step=lambda _: None)
    sentence, *below = str(failure.value).splitlines()
    assert sample.explanation in sentence
    assert below == [f"  {line}" for line in f"{sample.message} ({sample.code})".splitlines()]


def test_refused_activation_is_explained_too(tmp_path: Path) -> None:
    sample = SAMPLES[0]
    with refusing(sample) as endpoint, pytest.raises(WorkFailed) as failure:
        publish(
            Publication(
                arm_endpoint=endpoint,
                token="token",
                storage_token="token",
                subscription_id="s",
                resource_group="g",
                account="a",
                application="var",
                version="1",
                directory=tmp_path,
            ),
            RoleWait(report=lambda _message: None),
        )
    sentence, *below = with_explanations([str(failure.value)]).splitlines()
    assert sample.explanation in sentence
    assert "application package var 1 could not be activated: (AuthorizationFailed)" in below[0]


def test_every_known_error_has_a_sample() -> None:
    met = [recognized(by_azure_native(sample)) for sample in SAMPLES]
    assert sorted(map(repr, met)) == sorted(map(repr, KNOWN))


def test_explanation_without_names_is_a_whole_sentence() -> None:
    assert explained("(AuthorizationFailed)") == (
        "whoever deploys lacks a role for this action on this scope; have an owner give them Contributor there, wait "
        "some minutes for it to take effect, and deploy again"
    )


@pytest.mark.parametrize("text", ["", "no luck", "(Teapot) short and stout", "the code: is broken", "it is forbidden"])
def test_unknown_error_stays_as_it_is(text: str) -> None:
    assert explained(text) is None
    assert with_explanations([text, "other"]) == f"{text}\nother"


def test_errors_of_one_cause_share_their_explanation() -> None:
    denied = 'batch:Pool {}: Code="PoolQuotaReached" Message="Pool quota for the account has been reached."'
    lines = with_explanations([denied.format("a"), "other", denied.format("b")]).splitlines()
    assert lines[0].startswith("the Batch account has reached its quota of pools; ")
    assert lines[1:] == [f"  {denied.format('a')}", f"  {denied.format('b')}", "other"]


def test_command_explains_that_a_name_is_taken(project: Project, service: Status) -> None:
    project.program(
        GROUP + "from pulumi_azure_native import storage\n"
        f'storage.StorageAccount("store", resource_group_name=group.name, account_name="{service.storage_account}",'
        ' kind="StorageV2", sku={"name": "Standard_LRS"})\n'
    )
    failed = project.shoal("up", "-y")
    name = service.storage_account
    assert failed.stderr.splitlines() == [
        f"error: the storage account name {name} is already taken in Azure; choose another name for "
        "shoal:storageAccount, or leave it empty for a generated one",
        f"  azure-native:storage:StorageAccount store: The account name {name} is already taken. "
        "(StorageAccountAlreadyTaken)",
    ]
    assert failed.returncode == 1


def test_documentation_lists_every_error_in_the_order_of_the_search() -> None:
    assert [line for line in TEXT.splitlines() if line.startswith("| `")] == [row(known) for known in KNOWN]


def row(known: KnownError) -> str:
    meaning, step = (FIELD.sub(r"\2", clause) for clause in (known.meaning, known.step))
    return f"| `{known.code}`{' …' if known.when else ''} | {meaning} | {step} | {known.source} |"
