"""What a server counts of itself, as Prometheus reads it: no text, and no path that is not its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

if TYPE_CHECKING:
    from seqcli.serve.models import Models
    from seqcli.serve.together import Together

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)  # seconds


class Metrics:
    """Counts of a server."""

    def __init__(self, paths: frozenset[str], together: Together, models: Models) -> None:
        """paths: those that are told apart; all others are one."""
        self._paths, self._registry = paths, CollectorRegistry()
        registry = self._registry
        self._requests = Counter("seqcli_requests", "Requests answered.", ("path", "status"), registry=registry)
        self._seconds = Histogram(
            "seqcli_request_seconds", "Time of a request.", ("path",), buckets=BUCKETS, registry=registry
        )
        for name, help_, value in (
            ("seqcli_questions_waiting", "Questions that wait.", lambda: together.waiting),
            ("seqcli_questions_answered", "Questions answered.", lambda: together.answered),
            ("seqcli_batches_computed", "Computations, each of one question or more.", lambda: together.batches),
            ("seqcli_models_open", "Models kept open.", lambda: models.count),
        ):
            Gauge(name, help_, registry=registry).set_function(value)

    def answered(self, scope: Mapping[str, Any], status: int, seconds: float) -> None:
        """Count a request."""
        path = scope["path"] if scope["path"] in self._paths else "other"
        self._requests.labels(path, str(status)).inc()
        self._seconds.labels(path).observe(seconds)

    def text(self) -> bytes:
        """Return it as Prometheus reads it."""
        return generate_latest(self._registry)
