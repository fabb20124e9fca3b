import json

from tests.azure_check.conftest import Shoal


def test_stack_on_the_embedded_service_agrees_with_the_tables_that_both_have(shoal: Shoal) -> None:
    done = shoal("azure", "check", "--json")
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert (answer["pools"], answer["tables"]) == ([], [])
    assert [text.split()[0:3] for text in answer["api_versions"]] == [["the", "azure-native", "provider"]]
