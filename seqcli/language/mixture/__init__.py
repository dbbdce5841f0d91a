"""What is added to language models when they answer: mixtures of models, caches of what was just read; numpy only."""

from __future__ import annotations
