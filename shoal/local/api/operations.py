"""Every operation of the Batch data plane, by the name its client gives it: method and path.

The service answers 501 with the operation's name where no handler is registered for it.
Source: azure-batch 15.1 (`BatchClient`'s methods and the requests they build).
"""

from dataclasses import dataclass
from enum import Enum
from urllib.parse import unquote

from shoal.local import errors

TABLE = """
list_applications                GET    /applications
get_application                  GET    /applications/{application_id}
list_pool_usage_metrics          GET    /poolusagemetrics
list_supported_images            GET    /supportedimages
list_pool_node_counts            GET    /nodecounts
create_pool                      POST   /pools
list_pools                       GET    /pools
delete_pool                      DELETE /pools/{pool_id}
pool_exists                      HEAD   /pools/{pool_id}
get_pool                         GET    /pools/{pool_id}
update_pool                      PATCH  /pools/{pool_id}
replace_pool_properties          POST   /pools/{pool_id}/updateproperties
disable_pool_auto_scale          POST   /pools/{pool_id}/disableautoscale
enable_pool_auto_scale           POST   /pools/{pool_id}/enableautoscale
evaluate_pool_auto_scale         POST   /pools/{pool_id}/evaluateautoscale
resize_pool                      POST   /pools/{pool_id}/resize
stop_pool_resize                 POST   /pools/{pool_id}/stopresize
remove_nodes                     POST   /pools/{pool_id}/removenodes
list_nodes                       GET    /pools/{pool_id}/nodes
get_node                         GET    /pools/{pool_id}/nodes/{node_id}
reboot_node                      POST   /pools/{pool_id}/nodes/{node_id}/reboot
reimage_node                     POST   /pools/{pool_id}/nodes/{node_id}/reimage
deallocate_node                  POST   /pools/{pool_id}/nodes/{node_id}/deallocate
start_node                       POST   /pools/{pool_id}/nodes/{node_id}/start
disable_node_scheduling          POST   /pools/{pool_id}/nodes/{node_id}/disablescheduling
enable_node_scheduling           POST   /pools/{pool_id}/nodes/{node_id}/enablescheduling
get_node_remote_login_settings   GET    /pools/{pool_id}/nodes/{node_id}/remoteloginsettings
upload_node_logs                 POST   /pools/{pool_id}/nodes/{node_id}/uploadbatchservicelogs
create_node_user                 POST   /pools/{pool_id}/nodes/{node_id}/users
replace_node_user                PUT    /pools/{pool_id}/nodes/{node_id}/users/{user_name}
delete_node_user                 DELETE /pools/{pool_id}/nodes/{node_id}/users/{user_name}
list_node_extensions             GET    /pools/{pool_id}/nodes/{node_id}/extensions
get_node_extension               GET    /pools/{pool_id}/nodes/{node_id}/extensions/{extension_name}
list_node_files                  GET    /pools/{pool_id}/nodes/{node_id}/files
download_node_file               GET    /pools/{pool_id}/nodes/{node_id}/files/{file_path*}
get_node_file_properties         HEAD   /pools/{pool_id}/nodes/{node_id}/files/{file_path*}
delete_node_file                 DELETE /pools/{pool_id}/nodes/{node_id}/files/{file_path*}
create_job                       POST   /jobs
list_jobs                        GET    /jobs
get_job                          GET    /jobs/{job_id}
update_job                       PATCH  /jobs/{job_id}
replace_job                      PUT    /jobs/{job_id}
delete_job                       DELETE /jobs/{job_id}
disable_job                      POST   /jobs/{job_id}/disable
enable_job                       POST   /jobs/{job_id}/enable
terminate_job                    POST   /jobs/{job_id}/terminate
get_job_task_counts              GET    /jobs/{job_id}/taskcounts
list_job_preparation_and_release_task_status  GET  /jobs/{job_id}/jobpreparationandreleasetaskstatus
create_job_schedule              POST   /jobschedules
list_job_schedules               GET    /jobschedules
job_schedule_exists              HEAD   /jobschedules/{schedule_id}
get_job_schedule                 GET    /jobschedules/{schedule_id}
update_job_schedule              PATCH  /jobschedules/{schedule_id}
replace_job_schedule             PUT    /jobschedules/{schedule_id}
delete_job_schedule              DELETE /jobschedules/{schedule_id}
disable_job_schedule             POST   /jobschedules/{schedule_id}/disable
enable_job_schedule              POST   /jobschedules/{schedule_id}/enable
terminate_job_schedule           POST   /jobschedules/{schedule_id}/terminate
list_jobs_from_schedule          GET    /jobschedules/{schedule_id}/jobs
create_task                      POST   /jobs/{job_id}/tasks
create_task_collection           POST   /jobs/{job_id}/addtaskcollection
list_tasks                       GET    /jobs/{job_id}/tasks
get_task                         GET    /jobs/{job_id}/tasks/{task_id}
replace_task                     PUT    /jobs/{job_id}/tasks/{task_id}
delete_task                      DELETE /jobs/{job_id}/tasks/{task_id}
terminate_task                   POST   /jobs/{job_id}/tasks/{task_id}/terminate
reactivate_task                  POST   /jobs/{job_id}/tasks/{task_id}/reactivate
list_subtasks                    GET    /jobs/{job_id}/tasks/{task_id}/subtasksinfo
list_task_files                  GET    /jobs/{job_id}/tasks/{task_id}/files
download_task_file               GET    /jobs/{job_id}/tasks/{task_id}/files/{file_path*}
get_task_file_properties         HEAD   /jobs/{job_id}/tasks/{task_id}/files/{file_path*}
delete_task_file                 DELETE /jobs/{job_id}/tasks/{task_id}/files/{file_path*}
"""


RETIRED = """
add_certificate                  POST   /certificates
list_certificates                GET    /certificates
get_certificate                  GET    /certificates()
delete_certificate               DELETE /certificates()
cancel_certificate_deletion      POST   /certificates()/canceldelete
get_remote_desktop               GET    /pools/{pool_id}/nodes/{node_id}/rdp
list_node_agent_skus             GET    /nodeagentskus
get_all_job_lifetime_statistics  GET    /lifetimejobstats
get_all_pool_lifetime_statistics GET    /lifetimepoolstats
upgrade_pool_os                  POST   /pools/{pool_id}/upgradeos
"""
"""Operations that Batch has ended, by the names of older clients; none has a handler.
Source: azure-batch 7.0 to 14.2, and recorded requests of 2016 to 2022."""


CERTIFICATES = "certificates"


class Segment(Enum):
    PARAMETER = 1
    REST = 2
    """The rest of the path: a file's path may come as one segment with `%2F` or as several."""


Key = str | Segment


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    name: str
    parameters: tuple[str, ...]


class Route:
    """A node of the tree of path segments."""

    def __init__(self) -> None:
        self.children: dict[Key, Route] = {}
        self.operations: dict[str, Operation] = {}


def _tree() -> Route:
    root = Route()
    for line in (TABLE + RETIRED).split("\n"):
        if line:
            name, method, path = line.split()
            segments = path.strip("/").split("/")
            route = root
            for segment in segments:
                route = route.children.setdefault(_key(segment), Route())
            parameters = tuple(s.strip("{}*") for s in segments if s.startswith("{"))
            route.operations[method] = Operation(name=name, parameters=parameters)
    return root


def _key(segment: str) -> Key:
    if not segment.startswith("{"):
        return segment
    return Segment.REST if segment.endswith("*}") else Segment.PARAMETER


def _without_key(segment: str) -> str:
    """Return `certificates()` for `certificates(thumbprintAlgorithm=…)`, the only key in parentheses."""
    return f"{CERTIFICATES}()" if segment.startswith(f"{CERTIFICATES}(") else segment


ROOT = _tree()


def begins_path(segment: str) -> bool:
    """Return whether the path of an operation may begin with a segment."""
    return _without_key(segment.lower()) in ROOT.children


def find(method: str, raw_path: str) -> tuple[Operation, dict[str, str]]:
    """Return the operation and its decoded path parameters. Raises BatchError: InvalidUri, UnsupportedHttpVerb."""
    route, values = ROOT, []
    segments = raw_path.strip("/").split("/")
    for position, segment in enumerate(segments):
        if literal := route.children.get(_without_key(segment.lower())):
            route = literal
        elif parameter := route.children.get(Segment.PARAMETER):
            route = parameter
            values.append(unquote(segment))
        elif rest := route.children.get(Segment.REST):
            route = rest
            values.append(unquote("/".join(segments[position:]), errors="surrogateescape"))
            break
        else:
            raise errors.invalid_uri()
    if not route.operations:
        raise errors.invalid_uri()
    if method not in route.operations:
        raise errors.unsupported_verb()
    operation = route.operations[method]
    return operation, dict(zip(operation.parameters, values, strict=True))
