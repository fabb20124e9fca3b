"""Errors as the Batch service names them: one function for each, raised where the fault is known.

Source: REST reference, "Batch status and error codes"; texts of the common ones as seen on the wire.
"""

from shoal.local import times


def stamped(message: str, request_id: str) -> str:
    """Return a message as an answer has it, at any depth: with its request and the time."""
    return f"{message}\nRequestId:{request_id}\nTime:{times.iso(times.now())}"


NOT_IMPLEMENTED = 501
"""The status of what this service will never do, however often it is asked."""


class BatchError(Exception):
    """An error answer of the service."""

    def __init__(self, status: int, code: str, message: str, values: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.values = values or {}
        self.headers: dict[str, str] = {}


NOT_FOUND = {
    "Pool": "The specified pool does not exist.",
    "Node": "The specified node does not exist.",
    "Job": "The specified job does not exist.",
    "JobSchedule": "The specified job schedule does not exist.",
    "Task": "The specified task does not exist.",
    "NodeUser": "The specified node user does not exist.",
    "File": "The specified file does not exist.",
    "Resource": "The specified resource does not exist.",
    "Application": "The specified application does not exist.",
}
EXISTS = {
    "Pool": "The specified pool already exists.",
    "Job": "The specified job already exists.",
    "JobSchedule": "The specified job schedule already exists.",
    "NodeUser": "The specified node user already exists.",
    "Task": "The specified task already exists.",
}


def not_found(kind: str) -> BatchError:
    return BatchError(404, f"{kind}NotFound", NOT_FOUND[kind])


def already_exists(kind: str) -> BatchError:
    return BatchError(409, f"{kind}Exists", EXISTS[kind])


def conflict(code: str, message: str) -> BatchError:
    return BatchError(409, code, message)


def authentication_failed(detail: str) -> BatchError:
    text = (
        "Server failed to authenticate the request. Make sure the value of Authorization header is formed correctly "
        "including the signature."
    )
    return BatchError(403, "AuthenticationFailed", text, {"AuthenticationErrorDetail": detail})


def token_refused(detail: str, authority: str, resource: str) -> BatchError:
    """Source: azure-sdk-for-net issue 8026, microsoft-authentication-library-for-js issue 1735."""
    text = "Server failed to authenticate the request. Make sure the value of Authorization header is formed correctly."
    failure = BatchError(401, "AuthenticationFailed", text, {"AuthenticationErrorDetail": detail})
    failure.headers["WWW-Authenticate"] = f'Bearer authorization_uri="{authority}", resource_id="{resource}"'
    return failure


def invalid_authentication_info() -> BatchError:
    return BatchError(
        400, "InvalidAuthenticationInfo", "Authentication information is not given in the correct format."
    )


def invalid_uri() -> BatchError:
    return BatchError(400, "InvalidUri", "The requested URI does not represent any resource on the server.")


def url_not_readable() -> BatchError:
    return BatchError(400, "RequestUrlFailedToParse", "The url in the request could not be parsed.")


def unsupported_verb() -> BatchError:
    return BatchError(405, "UnsupportedHttpVerb", "The resource doesn't support the specified HTTP verb.")


def not_implemented(what: str) -> BatchError:
    """Return the embedded service's own error for a feature that it lacks, so that it never pretends to have it."""
    failure = BatchError(NOT_IMPLEMENTED, "NotImplemented", f"{what} is not implemented by the embedded Batch service.")
    # An answer to HEAD has no body.
    failure.headers["shoal-not-implemented"] = what
    return failure


def missing_query_parameter(name: str) -> BatchError:
    text = "A query parameter that's mandatory for this request is not specified."
    return BatchError(400, "MissingRequiredQueryParameter", text, {"QueryParameterName": name})


def unsupported_version(version: str) -> BatchError:
    text = "The specified api version string is invalid."
    return BatchError(400, "UnsupportedRequestVersion", text, {"QueryParameterValue": version})


def invalid_query_parameter(name: str, value: str, reason: str) -> BatchError:
    text = "Value for one of the query parameters specified in the request URI is invalid."
    return _query_error("InvalidQueryParameterValue", text, name, value, reason)


def query_parameter_out_of_range(name: str, value: str, reason: str) -> BatchError:
    text = "A query parameter specified in the request URI is outside the permissible range."
    return _query_error("OutOfRangeQueryParameterValue", text, name, value, reason)


def unsupported_query_parameter(name: str, value: str) -> BatchError:
    text = "One of the query parameters specified in the request URI is not supported."
    return BatchError(
        400, "UnsupportedQueryParameter", text, {"QueryParameterName": name, "QueryParameterValue": value}
    )


def _query_error(code: str, text: str, name: str, value: str, reason: str) -> BatchError:
    values = {"QueryParameterName": name, "QueryParameterValue": value, "Reason": reason}
    return BatchError(400, code, text, values)


def invalid_request_body(reason: str) -> BatchError:
    text = "The specified Request Body is not syntactically valid."
    return BatchError(400, "InvalidRequestBody", text, {"Reason": reason})


def request_body_too_large() -> BatchError:
    text = "The size of the request body exceeds the maximum permitted, which is 1 MB."
    return BatchError(413, "RequestBodyTooLarge", text)


def missing_property(name: str) -> BatchError:
    text = "A required property was not specified in the request body."
    return BatchError(400, "MissingRequiredProperty", text, {"PropertyName": name})


def unsupported_property(name: str) -> BatchError:
    """Source: azure-sdk-for-python issues 27859 and 42399, for the text."""
    text = "One of the properties specified in the request body is not supported."
    return BatchError(400, "UnsupportedProperty", text, {"PropertyName": name})


def invalid_property(name: str, value: object, reason: str) -> BatchError:
    text = "The value provided for one of the properties in the request body is invalid."
    shown = {} if value is None else {"PropertyValue": str(value)}
    return BatchError(400, "InvalidPropertyValue", text, {"PropertyName": name, **shown, "Reason": reason})


def invalid_header(name: str, value: str, reason: str) -> BatchError:
    text = "The value provided for one of the HTTP headers was not in the correct format."
    return BatchError(400, "InvalidHeaderValue", text, {"HeaderName": name, "HeaderValue": value, "Reason": reason})


def headers_too_large(reason: str) -> BatchError:
    """A refusal of this service's own: Azure's front ends answer such requests without Batch."""
    return BatchError(431, "RequestHeadersTooLarge", "The headers of the request are too large.", {"Reason": reason})


def condition_not_met(status: int) -> BatchError:
    text = "The condition specified using HTTP conditional header(s) is not met."
    return BatchError(status, "ConditionNotMet", text)


def conditions_not_supported() -> BatchError:
    text = "The combination of conditional HTTP headers in the request is not supported."
    return BatchError(400, "MultipleConditionHeadersNotSupported", text)


def invalid_range() -> BatchError:
    return BatchError(416, "InvalidRange", "The range specified is invalid for the current size of the file.")


def invalid_application_package_references(references: list[str]) -> BatchError:
    """Source: answers recorded in the tests of azure-cli, until 2023-11-01.18.0: the package is a key of `values`."""
    text = "One or more of the specified application package references are invalid."
    reason = "The specified application package does not exist."
    return BatchError(409, "InvalidApplicationPackageReferences", text, dict.fromkeys(references, reason))


def internal_error() -> BatchError:
    return BatchError(500, "InternalError", "Server encountered an internal error. Please try again after some time.")


class NotStored(BatchError):
    """The state could not be written; the client may try again, as it does on the service's own 500."""

    def __init__(self, reason: str) -> None:
        text = f"The embedded service could not write its state ({reason}). Nothing of this request was kept."
        super().__init__(500, "InternalError", text)


def disk_full() -> BatchError:
    """Return the embedded service's own refusal of what needs room; Azure's disks are not the client's concern."""
    text = "The disk of the embedded Batch service is full. Delete jobs or files to make room; nothing new is accepted."
    return BatchError(503, "DiskFull", text)


class TooManyRequests(BatchError):
    """The client is to wait before it tries again. Nothing of the request was done."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(status, code, message)
        self.headers = {"Retry-After": "1"}


def server_busy() -> BatchError:
    return TooManyRequests(503, "ServerBusy", "The server is currently unable to receive requests. Please retry.")
