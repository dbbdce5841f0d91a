"""lm-evaluation-harness asks a language model over HTTP: the perplexity that it finds, beside that of `evaluate`.

python benchmarks/evaluation_harness.py MODELS_DIR NAME TEXT [--seqcli PROGRAM] [--lm-eval PROGRAM]
The harness (pip install 'lm-eval[api]', in an environment of its own) is told an address and a name, and nothing of
tokens: it finds /tokenize by itself. TEXT holds words with spaces between them; the end of a line counts as one.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import tempfile
from pathlib import Path

from malformed_requests import started
from record import record

TASK = """task: own_text
dataset_path: text
dataset_kwargs: {data_files: {test: %s}, sample_by: document}
test_split: test
output_type: loglikelihood_rolling
doc_to_text: ""
doc_to_target: "{{text}}"
process_results: !function counted.measured
metric_list: [{metric: word_perplexity}]
"""
COUNTED = """
def measured(doc, results):
    tokens = len(doc["text"].split()) + doc["text"].count("\\n")
    return {"word_perplexity": (results[0], tokens)}
"""
LONGEST = "1000000"  # tokens of one text: it is not cut, so that the state is carried through it as evaluate does


def main() -> None:
    """Ask the harness and `evaluate`, and record both."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models_dir")
    parser.add_argument("name")
    parser.add_argument("text", type=Path)
    parser.add_argument("--seqcli", default="seqcli")
    parser.add_argument("--lm-eval", default="lm_eval")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, open(os.devnull, "wb") as notes:
        own = Path(folder)
        (own / "own_text.yaml").write_text(TASK % options.text.resolve(), "utf-8")
        (own / "counted.py").write_text(COUNTED, "utf-8")
        server, address = started(options, notes, "--longest", LONGEST, "--seconds", "3600")
        try:
            where = f"model={options.name},base_url={address}/v1/completions,max_length={LONGEST},timeout=3600"
            asked = ["--model", "local-completions", "--model_args", where, "--tasks", "own_text"]
            places = ["--include_path", folder, "--output_path", str(own / "found")]
            subprocess.run([options.lm_eval, "run", *asked, *places], check=True)
        finally:
            server.terminate()
            server.wait()
        [found] = (own / "found").rglob("results_*.json")
        theirs = json.loads(found.read_text("utf-8"))["results"]["own_text"]["word_perplexity,none"]
    line = [options.seqcli, "--models-dir", options.models_dir, "evaluate", options.name, "--test", str(options.text)]
    [ours] = json.loads(subprocess.run([*line, "--json"], check=True, capture_output=True).stdout)
    told = {key: ours[key] for key in ("perplexity", "tokens")}
    print(record("evaluation harness", model=options.name, text=options.text.name, harness=theirs, **told))


if __name__ == "__main__":
    main()
