"""Modified Kneser-Ney n-gram language models: counted, smoothed, asked, and exchanged as ARPA files.

A text is token ids in which EOS ends every unit. The EOS of the unit before is also the begin symbol, so one id stands
for both <s> and </s> of other programs: as the first token of an n-gram of two or more it is <s>, as the last </s>,
alone it is </s> where it is predicted and <s> where it is the context. Within an n-gram it never stands: contexts do
not cross the end of a unit. Counts, discounts and probabilities are those of KenLM over the same text.

The n-grams of all orders are one trie, as sorted arrays: node i of order n has its continuations, by rising id, at
children.n[i] : children.n[i + 1] of order n + 1. Nodes of order 1 are the ids of the vocabulary.
"""

from __future__ import annotations
