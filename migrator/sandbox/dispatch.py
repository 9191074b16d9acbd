"""moto's own dispatch, without the work it repeats at each request.

moto looks through its folders for each host and through a class's members for each action; together that is most of
the time of a small call.
"""

import functools
from typing import Any

import moto.core.responses as moto_responses
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app


class Dispatcher(DomainDispatcherApplication):
    """moto's applications by service, each host's backend looked up once."""

    def __init__(self) -> None:
        super().__init__(_backend_app)
        self._found: dict[str | None, Any] = {}
        moto_responses.method_names_from_class = functools.cache(moto_responses.method_names_from_class)

    def get_backend_for_host(self, host: str | None) -> Any:
        """Return the name of the backend that answers for a host, None if there is none."""
        if host not in self._found:
            self._found[host] = super().get_backend_for_host(host)
        return self._found[host]


def _backend_app(service: Any) -> Any:
    if service is None:
        raise NotImplementedError("no such service")
    app = create_backend_app(service)
    # Otherwise Flask turns an operation that moto lacks into a page of HTML, which boto3 cannot read.
    app.config["PROPAGATE_EXCEPTIONS"] = True
    return app
