"""The Kubernetes manifests are valid, and say of newsdex what is so."""

from typing import Any

import pytest
import yaml
from tests.conftest import ROOT

from newsdex.host.setting_files import FROM_FILES, file_variable
from newsdex.settings import Settings

FOLDER = ROOT / "deploy" / "kubernetes"
KUSTOMIZATION = yaml.safe_load((FOLDER / "kustomization.yaml").read_text(encoding="utf-8"))
RESOURCES: list[dict[str, Any]] = [
    resource
    for name in KUSTOMIZATION["resources"]
    for resource in yaml.safe_load_all((FOLDER / name).read_text(encoding="utf-8"))
]
PODS = {
    one["metadata"]["name"]: one["spec"]["template"]["spec"] for one in RESOURCES if "template" in one.get("spec", {})
}
CONTAINERS = [(pod, container) for pod in PODS.values() for container in pod["containers"]]
NAMES = [container["name"] for _, container in CONTAINERS]
each_container = pytest.mark.parametrize(("pod", "container"), CONTAINERS, ids=NAMES)


def variables(container: dict[str, Any]) -> dict[str, str]:
    """Return a container's environment, with what the generated map gives to all."""
    (generated,) = KUSTOMIZATION["configMapGenerator"]
    assert [{"configMapRef": {"name": generated["name"]}}] == container["envFrom"]
    given = dict(line.split("=", 1) for line in generated["literals"])
    return given | {one["name"]: one["value"] for one in container["env"]}


@pytest.mark.parametrize("resource", RESOURCES, ids=lambda one: f"{one['kind']} {one['metadata']['name']}")
def test_a_resource_keeps_its_schema(resource: dict[str, Any]) -> None:
    validator = pytest.importorskip("kubernetes_validate", reason="pip install kubernetes-validate has the schemas")

    validator.validate(resource, validator.latest_version(), strict=True)


def test_all_who_share_the_data_folder_are_one_pod_of_which_there_is_one() -> None:
    (stateful,) = [one for one in RESOURCES if one["kind"] == "StatefulSet"]
    on_data = {
        container["args"][0]
        for pod in PODS.values()
        for container in pod["containers"]
        if any(mount["name"] == "data" for mount in container["volumeMounts"])
    }

    assert 1 == stateful["spec"]["replicas"]
    assert {"indexer", "searcher"} == on_data
    assert {"indexer", "searcher"} == {container["args"][0] for container in PODS["newsdex"]["containers"]}
    assert ["indexer"] == [one["name"] for one in PODS["newsdex"]["containers"] if one["args"] == ["indexer"]]


@each_container
def test_every_variable_is_a_setting_and_every_secret_a_file_that_is_mounted(
    pod: dict[str, Any], container: dict[str, Any]
) -> None:
    given = variables(container)
    files = {file_variable(name) for name in FROM_FILES}
    known = {f"NEWSDEX_{name.upper()}" for name in Settings.model_fields}
    mounted = {mount["mountPath"] for mount in container["volumeMounts"] if mount.get("readOnly")}
    secret = {name for name, path in given.items() if path.startswith("/run/secrets/")}

    assert set() == given.keys() - known - files
    assert "NEWSDEX_BROKER_PASSWORD" not in given
    assert {given[name].rpartition("/")[0] for name in secret} == mounted
    assert {mount["name"] for mount in container["volumeMounts"]} - {"data"} == {
        volume["name"] for volume in pod["volumes"]
    }


@each_container
def test_probes_ask_the_port_that_the_container_listens_on(pod: dict[str, Any], container: dict[str, Any]) -> None:
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    asked = {kind: container[f"{kind}Probe"]["httpGet"] for kind in ("startup", "liveness", "readiness")}

    assert {"startup": "/live", "liveness": "/live", "readiness": "/ready"} == {
        kind: probe["path"] for kind, probe in asked.items()
    }
    assert {int(variables(container)["NEWSDEX_HTTP_PORT"])} == {ports[probe["port"]] for probe in asked.values()}
    taken = [port["containerPort"] for other in pod["containers"] for port in other["ports"]]
    assert len(taken) == len(set(taken)), "containers of a pod share their ports"


@each_container
def test_a_container_has_no_rights_and_a_limit_of_memory(pod: dict[str, Any], container: dict[str, Any]) -> None:
    assert pod["securityContext"]["runAsNonRoot"]
    assert {"type": "RuntimeDefault"} == pod["securityContext"]["seccompProfile"]
    assert not pod["automountServiceAccountToken"]
    assert {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}} == (
        container["securityContext"]
    )
    assert container["resources"]["limits"]["memory"]
