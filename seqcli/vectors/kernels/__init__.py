"""Word2vec's arithmetic. This page tells a C programmer how it works; each file below has the details.

What is learned are two matrices of float32, `inputs` and `outputs` [V, D]: a row of each for every word.

What word2vec.c does. It goes through the text word by word. Frequent words are passed over at random. Around each word
a window is drawn, 1 to `window` words on either side, and for each pair of the word and a context in the window it does
the same small thing: with x the row of one and y the output row of the other,

    g = rate * (1 - sigmoid(x . y));   change = g * y;   y += g * x          the true pair: towards each other
    5 times:  z = outputs[a word drawn at random];
    g = rate * (0 - sigmoid(x . z));   change += g * z;  z += g * x          the negatives: away from each other
    x += change

So six rows of D numbers are read and written for one pair, and each number that comes from memory takes part in two
multiplications or so. The negatives lie anywhere in a matrix that is larger than the cache: the time goes into waiting
for memory, while the vector units have little to do.

What is done here. The same sums are taken for a group of words at a time, so that a row that was fetched once is used
many times. Words that are kept stand one behind the other in `kept`, with the window of word p in low[p] to high[p].
A chunk is 64 of them, and is computed in four steps:

1. Gather. The input rows of the 64 words are copied side by side into the small matrix `a`; into `b` go the negatives,
   and behind them the output rows of all words that any of the 64 has in its window: a run of 64 + 2 * window. The
   address of a row is known long before it is needed, so the processor is told to fetch it while others are copied.
   From here on everything lies in the cache.
2. Push away. 32 words share 32 negatives, drawn once, in the place of 5 drawn for every pair. Each shared negative
   counts for as much as the drawn ones would have together: its weight is rate * 5 * (pairs of the word) / 32. What
   were dot products of far-off rows is now a product of two small matrices, 32 x D by D x 32, then a sigmoid of each of
   its numbers, then two products of that with the same two matrices: the changes of the words and those of the
   negatives. Sharing more coarsely (16 negatives, or 64 words) gave measurably worse vectors, so it is not done.
3. Pull together. The true pairs of a chunk are a band about the diagonal of a matrix of words by contexts. Only the
   band is computed and kept, with zeros on both sides of it, which let a tile of four contexts read past its ends.
4. Add. The changes, da and db, are added to the rows of the two large matrices.

All changes of a chunk are computed from one state of the matrices. If one word stood in it many times, its changes
would add up to a step too far; where the commonest word is that common, the chunk is made shorter (`loop._step`).

The products are done in registers. A tile is four or eight rows, against as many columns as a vector has lanes (16 with
AVX-512, else 8): its sums stay in registers while the loop runs over D, one fused multiplication and addition for a row
at each step. numba compiles Python's loops well but not to this; so these few functions write LLVM's vector
instructions themselves. They look like a function of numba that a kernel calls, and are inlined there. No C compiler is
needed, and no BLAS, which has no product of this size that can be inlined.

CBOW differs in this: what is compared with the output rows is the mean of the words in the window. The means come from
running sums over the rows of `a`, two rows subtracted for each word, however wide its window; the changes go back the
same way. With hierarchical softmax the negatives are the nodes of a Huffman tree on the path to the word, and a chunk
is 16 words, since all of them meet at the root. With character n-grams a word's input is the mean of its own row and
those of its n-grams, taken while gathering, and its change is given to all of them.

Threads. Each has its own small matrices and its own stretch of the text; a stretch has its own random numbers, made
from seed, epoch and place. As a rule threads add to the large matrices without asking each other, as word2vec.c does:
now and then a change is lost, which does no harm, but no two runs are alike. With --reproducible they go in step: all
compute a chunk from the same two matrices and meet; then each adds its changes to one part of the rows (row % threads),
and they meet again; with as many turns as threads, each has added to each part, no two to the same one at a time,
always in the same order. The sums are then the same to the last bit whoever is quicker. Waiting costs some of the
speed.

The files, from the outside in:

    passes          a stretch of the text, chunk by chunk: choose, compute, add; one thread by itself, or all in step
    updates         what is computed for a chunk: skip-gram, CBOW, the tree
    work            the matrices: the two large ones, a thread's small ones; gathering and adding rows
    sampling        what chance decides: the words that are kept, windows, negatives; the paths of the tree
    products        the small products in registers, and the sigmoid of their results
    rows            single rows: copied, added, fetched ahead, blended
    simd            LLVM's vector instructions, one function each
    barrier         where threads meet
    held_out_loss   what a true pair costs beside random ones, on text that was not learned from

A reader begins with `passes.train`, goes on with `updates.skip_gram_chunk`, and needs `products` and `simd` last.
"""
