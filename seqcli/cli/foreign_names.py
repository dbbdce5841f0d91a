"""Names of options and commands that users of gensim, fastText and others bring along, and what they are here."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

OURS: dict[str, str] = {  # ours, with its value where their name says it: what others call it, without dashes and case
    "--output hierarchical-softmax": "hs hierarchicalsoftmax",
    "--architecture cbow": "cbow",
    "--architecture skip-gram": "sg skipgram",
    "--embedding-size": "dim dims dimension dimensions size vectorsize embsize embdim embeddingdim embeddim emsize "
    "worddim wordvecsize veclen",
    "--hidden-size": "nhid hidden hiddendim hiddenunits rnnsize units statesize",
    "--layers": "nlayers numlayers nlayer depth",
    "--window": "ws windowsize context contextsize",
    "--negatives": "neg negative negativesamples numnegatives ns numsampled",
    "--subsample": "sample t sampling",
    "--learning-rate": "lr alpha eta stepsize rate initiallr learningrate startalpha",
    "--unroll": "bptt seqlen seqlength sequencelength blocksize timesteps numsteps nsteps",
    "--epochs": "epoch iter iters iterations niter numepochs passes maxepoch maxepochs",
    "--threads": "thread workers worker nthreads numthreads jobs njobs cpus cores",
    "--min-count": "mincount minfreq minfrequency minwordcount mincnt wordfreq",
    "--min-ngram": "minn minngram",
    "--max-ngram": "maxn maxngram",
    "--buckets": "bucket",
    "--vocabulary-size": "vocab vocabsize maxvocab maxvocabsize maxfinalvocab nwords",
    "--batch-size": "batch bs batchwords batchsize minibatch",
    "--dropout": "drop dropoutrate keepprob",
    "--weight-decay": "wd l2 decay wdecay",
    "--clip": "gradclip clipgrad clipnorm maxgradnorm gradientclip",
    "--label-smoothing": "smoothing ls",
    "--valid": "validation validset devset dev validdata valdata val devdata",
    "--held-out": "split validsplit validationsplit testsize",
    "--tokenizer": "tokenize tokenization tokeniser",
    "--lowercase": "lower lc uncased dolower dolowercase",
    "--tied": "tie tieweights tiedweights shareembeddings",
    "--precision": "fp16 bf16 half amp mixedprecision dtype",
    "--device": "gpu gpus cuda devices ngpu usecuda",
    "--seed": "randomseed randomstate rngseed",
    "--resume": "checkpoint ckpt continue resumefrom restore restorefile",
    "--from": "pretrained pretrainedvectors init initfrom finetune finetunefrom warmstart",
    "--name": "out outdir outputdir savedir save savemodel saveto savepath outfile modelname",
    "--minutes": "time timelimit maxtime maxminutes",
    "--patience": "earlystopping earlystop",
    "--architecture": "arch rnntype modeltype celltype",
    "--cell": "rnntype celltype arch",
    "--output": "loss",
    "--order": "ngram ngrams n norder",
    "--reproducible": "deterministic",
    "--beam": "beamsize beamwidth beams numbeams",
    "--length-penalty": "lenpen alpha lengthpenalty",
    "--temperature": "temp tau",
    "--top-k": "topk",
    "--top-p": "topp nucleus",
    "--tokens": "length maxlength maxlen maxtokens numwords words maxnewtokens maxlenb nwords",
    "--sentences": "numsentences",
    "-n": "nbest numsamples samples numreturnsequences numsequences count",
    "-k": "topk topn n num numresults nn k",
    "-m": "modelpath modelfile path checkpoint ckpt pretrained",
    "--file": "input infile inputfile src source prompts",
    "--test": "testset testfile testdata data input eval",
    "--encoding": "charset codec",
    "--column": "textcolumn field textfield col",
    "--jsonl": "jsonlines",
    "--quiet": "silent",
}
TEXT = "input train corpus corpusfile data datadir trainfile traindata trainset textfile text file"
DEVICE = "gpu gpus cuda device devices ngpu usecuda"
SINGLE = {"output": "--name", "save": "--name"}  # word2vec.c's and fastText's -output is a file, not a loss


COMMANDS: dict[str, str] = {  # a command of ours: what others call it, or what people look for, without dashes
    "train-lm": "lm languagemodel trainlanguagemodel trainrnn trainlstm lstm rnn gru finetune pretrain",
    "train-w2v": "w2v word2vec trainword2vec trainvectors trainembeddings skipgram cbow fasttext glove embeddings",
    "train-translate": "traintranslation nmt trainnmt trainseq2seq seq2seq",
    "train-dialogue": "trainchat trainchatbot trainreply traindialog",
    "train-vae": "vae trainsentences autoencoder",
    "train-fill": "traingap traincloze trainproofread trainbidirectional",
    "predict-word": "next nextword nextwords complete autocomplete suggest wordprediction predictnext",
    "generate": "write gen continue",
    "evaluate": "test perplexity ppl eval evaluatelm",
    "score": "rank surprisal logprob rerank",
    "proofread": "spell spellcheck check grammar correct lint",
    "fill": "gap cloze mask infill",
    "translate": "translation translator trans",
    "reply": "chat answer respond dialog dialogue chatbot talk",
    "neighbors": "nn nearest mostsimilar similarwords synonyms distance closest",
    "odd-one-out": "doesntmatch outlier",
    "vector": "printwordvectors embedding wordvector",
    "map": "plot tsne umap visualize visualise",
    "quantize-vectors": "quantize quantise compress",
    "models list": "list ls",
    "models show": "show info describe",
    "models remove": "rm remove delete",
    "models rename": "mv rename",
    "corpora get": "download fetch get",
    "corpus": "stats statistics count vocab vocabulary survey",
    "tokenize": "tokens segment",
    "doctor": "env environment diagnose system",
    "--version": "version",
}


def command_meant(asked: str) -> str | None:
    """Return what to type instead of a command that is not known, None where it is nobody's name for one of ours."""
    name = re.sub("[-_]", "", asked).lower()
    found = next((ours for ours, theirs in COMMANDS.items() if name in theirs.split()), None)
    return f"it is called here: seqcli {found}." if found else None


def answer(asked: str, args: Sequence[str], ours: Collection[str], takes_text: bool) -> str | None:
    """Return what to type instead of an option that is not known, None where it is nobody's name for one of ours.

    asked: the option that was refused, of a single dash its first unknown letter; ours: the options of the command.
    """
    typed = asked if asked.startswith("--") else _whole(asked, args)
    name = re.sub("[-_]", "", typed.partition("=")[0]).lower()
    if not typed.startswith("--"):
        twice = f"-{typed.partition('=')[0]}"
        if name in SINGLE and SINGLE[name] in ours:
            return f"{typed} is called {SINGLE[name]} NAME here"
        if twice in ours:
            return f"{typed} has two dashes here: {twice}"
    found = next(
        (option for option, theirs in OURS.items() if option.split()[0] in ours and name in theirs.split()), None
    )
    if found is not None:
        return f"{typed.partition('=')[0]} is called {found} here"
    if takes_text and name in TEXT.split():
        return f"{typed.partition('=')[0]} is not needed here: the text is named without an option"
    return f"{typed.partition('=')[0]} is not needed here: it runs on the CPU" if name in DEVICE.split() else None


def _whole(asked: str, args: Sequence[str]) -> str:
    """Return the word of the command line in which a single letter was no option."""
    words = (word for word in args if re.match("-[A-Za-z]", word) and asked[1:] in word[1:])
    return next(words, asked)
