"""The Japanese of the lab: tables, sentences and pictures; the English clause is the key, the braces stay."""

from __future__ import annotations

from collections.abc import Callable

LANGUAGES = ("en", "ja")
NAMING = ("cell", "task", "reads", "training", "gate", "cure", "lowest_cure", "shows", "section")  # never the reader's

JAPANESE = {
    # -- what each experiment shows, and where it belongs
    "that the gradients made by hand are right": "手で書いた勾配が正しいこと",
    "one step of truncated BPTT, every number of it": "打ち切りBPTTの一歩を、すべての数値で",
    "a carry learned bit by bit, and a ReLU that explodes": "一桁ずつ学ぶ繰り上がりと、爆発するReLU",
    "how a gradient decays or grows over time": "勾配が時間とともに減衰し、または増大するようす",
    "which gate opens at which character": "どのゲートがどの文字で開くか",
    "where each cell stops remembering, and what attention adds": "各セルがどこまで覚えるか、注意機構は何を加えるか",
    "a text learned by heart, and four cures": "文章の丸暗記(過学習)と四つの対策",
    "30 words on their way from one-hot to dense": "30語がone-hotから密なベクトルになるまで",
    "back-propagation": "誤差逆伝播",
    "back-propagation through time": "通時的誤差逆伝播(BPTT)",
    "first weights and activations": "重みの初期値と活性化関数",
    "vanishing and exploding gradients": "勾配消失と勾配爆発",
    "gated cells: LSTM and GRU": "ゲート付きセル(LSTMとGRU)",
    "memory and attention": "記憶と注意機構",
    "generalisation": "汎化",
    "word vectors": "単語ベクトル",
    # -- the sentences
    "{wrong} of {weights} gradients are wrong by more than {tolerance:.0e}: a backward pass has an error.":
        "{weights}個の勾配のうち{wrong}個が{tolerance:.0e}を超えて違います。逆伝播のどこかに誤りがあります。",
    "All {weights} gradients agree: with torch to {worst_torch:.1e}, with finite differences to "
    "{worst_finite_differences:.1e}.":
        "{weights}個の勾配はすべて一致しました。torchとの差は最大{worst_torch:.1e}、数値微分との差は最大"
        "{worst_finite_differences:.1e}です。",
    "All {weights} gradients agree with finite differences to {worst_finite_differences:.1e}.":
        "{weights}個の勾配はすべて数値微分と一致しました(差は最大{worst_finite_differences:.1e})。",
    "The gradient exploded at update {explosion}: length {explosion_gradient:.1e}, {share:.0%} of its square "
    "in {weight}; ":
        "更新{explosion}回目で勾配爆発が起きました。勾配の長さは{explosion_gradient:.1e}、その二乗の{share:.0%}は{weight}の"
        "ものです。",
    "at update {ended} it was no number any more, and {accuracy:.1%} of all sums are right.":
        "更新{ended}回目で数値でなくなり、正解した和は全体の{accuracy:.1%}です。",
    "in the end {accuracy:.1%} of all sums are right.": "最後に正解した和は全体の{accuracy:.1%}です。",
    "At update {ended} the gradient was no number any more; {accuracy:.1%} of all sums are right.":
        "更新{ended}回目で勾配が数値でなくなりました。正解した和は全体の{accuracy:.1%}です。",
    "All {sums:,} sums are right, the {unseen:,} it was never shown among them; the longest gradient was "
    "{largest_gradient:.2g}.":
        "{sums:,}通りの和はすべて正解です。学習で一度も見せていない{unseen:,}通りも含みます。最も長い勾配は"
        "{largest_gradient:.2g}でした。",
    "{accuracy:.1%} of all sums are right ({unseen_accuracy:.1%} of those never shown); nothing exploded.":
        "正解した和は全体の{accuracy:.1%}です(見せていない和では{unseen_accuracy:.1%})。勾配爆発はありませんでした。",
    "Of {runs} trainings {learned} learned every sum and {exploded} exploded ({both} did both).":
        "{runs}回の学習のうち、すべての和を学んだものは{learned}回、勾配が爆発したものは{exploded}回(両方は{both}回)です。",
    "After {steps} steps the RNN keeps {rnn_low:.0e} to {rnn_high:.0e} of a gradient (with ReLU "
    "{rnn_relu_low:.0e} to {rnn_relu_high:.0e}), the GRU {gru_low:.0e} to {gru_high:.0e}, the LSTM "
    "{lstm_low:.0e} to {lstm_high:.0e}":
        "{steps}ステップさかのぼると、残る勾配の割合はRNNで{rnn_low:.0e}から{rnn_high:.0e}(ReLUでは{rnn_relu_low:.0e}から"
        "{rnn_relu_high:.0e})、GRUで{gru_low:.0e}から{gru_high:.0e}、LSTMで{lstm_low:.0e}から{lstm_high:.0e}です。",
    "; a forget gate opened from bias {low_bias:g} to {high_bias:g} lifts what is left from "
    "{low_bias_left:.0e} to {high_bias_left:.0e}":
        "忘却ゲートのバイアスを{low_bias:g}から{high_bias:g}に上げて開くと、残る割合は{low_bias_left:.0e}から"
        "{high_bias_left:.0e}に増えます。",
    "; opening its forget gate did not help": "忘却ゲートを開いても効果はありませんでした。",
    "": "",
    "; the bound was broken {broken} times.": "上界は{broken}回破られました。",
    "; no RNN passed its bound.": "上界を超えたRNNはありません。",
    "In {model} ({cell}), {left:.1e} of the gradient is left after {steps} steps: {per_step:.3f} a step.":
        "{model}({cell})では、{steps}ステップさかのぼると勾配は{left:.1e}になります(1ステップあたり{per_step:.3f}倍)。",
    "The {gate} gate moves most: from {shut:.2f} at '{shut_at}' ({shut_step}) to {open:.2f} at '{open_at}' "
    "({open_step}).":
        "最もよく動くのは{gate}ゲートで、「{shut_at}」({shut_step})の{shut:.2f}から「{open_at}」({open_step})の{open:.2f}まで"
        "変わります。",
    " The GRU has {saved:.0%} fewer parameters; its step took {ratio:.2f} of the LSTM's time.":
        "GRUのパラメータはLSTMより{saved:.0%}少なく、1ステップの時間はLSTMの{ratio:.2f}倍でした。",
    "Mean reach: RNN {rnn_reach:.0f}, LSTM {lstm_reach:.0f}, GRU {gru_reach:.0f} steps. Of {length} symbols a "
    "fixed vector of {large} copies {fixed_large:.0%}, attention with a state of {small} {attention_small:.0%}: ":
        "覚えていられる距離の平均はRNNが{rnn_reach:.0f}、LSTMが{lstm_reach:.0f}、GRUが{gru_reach:.0f}ステップです。"
        "{length}個の記号のうち、固定ベクトル(状態{large})は{fixed_large:.0%}、注意機構(状態{small})は{attention_small:.0%}を"
        "写せました。",
    "here attention did not replace the larger state.": "ここでは注意機構は大きな状態の代わりになりませんでした。",
    "attention did more than a state four times as large, yet a larger state still added {still:.0%}.":
        "注意機構の効果は状態を四倍にするより大きく、それでも状態を大きくするとさらに{still:.0%}増えました。",
    "attention did more than a state four times as large, which added nothing to it.":
        "注意機構の効果は状態を四倍にするより大きく、状態をさらに大きくしても増えませんでした。",
    "No overfitting within {updates} updates: held-out text was still getting easier, {held_out:.2f} nats; ":
        "{updates}回の更新では過学習は起きず、検証用の文章の損失は{held_out:.2f}ナットまで下がり続けました。",
    "After update {best_at} the held-out text rose from {best_held_out:.2f} to {held_out:.2f} nats per "
    "character while the text learned fell to {train:.2f}; ":
        "更新{best_at}回目のあと、検証用の文章の損失は1文字あたり{best_held_out:.2f}から{held_out:.2f}ナットに上がり、"
        "学習した文章の損失は{train:.2f}まで下がりました。",
    "Not overfitting but bad training: after update {best_at} the loss of the learned text rose as well, from "
    "{train_at_best:.2f} to {train:.2f} nats per character; ":
        "過学習ではなく、学習の失敗です。更新{best_at}回目のあと、学習した文章の損失も1文字あたり{train_at_best:.2f}から"
        "{train:.2f}ナットに上がりました。",
    "the lowest at its end was {cure}, {cured:.2f}; the lowest anywhere was {lowest_cure}, {lowest:.2f} at update "
    "{lowest_at}.":
        "終わりの損失が最も低いのは「{cure}」の{cured:.2f}、途中も含めて最も低いのは「{lowest_cure}」の更新{lowest_at}回目の"
        "{lowest:.2f}です。",
    "Of what the loss at the last word wants of its own state, {reach:.1%} is left after {steps} steps back; ":
        "最後の単語の損失から来る勾配は、{steps}ステップさかのぼると{reach:.1%}になります。",
    "nothing was cut off.": "打ち切られたものはありません。",
    "cutting the gradient every {truncate} steps changed dW by {lost:.1%} of its length.":
        "{truncate}ステップごとに勾配を打ち切ると、dWはその長さの{lost:.1%}だけ変わりました。",
    "One-hot, any two words are equally far; in {dimension} learned dimensions {same_kind:.0%} of a word's "
    "five nearest are of its kind (chance: {chance:.0%}), and nearest to {word} is {near}; ":
        "one-hotではどの二語も同じ遠さです。学んだ{dimension}次元では、最も近い五語の{same_kind:.0%}が同じ種類の語です"
        "(偶然なら{chance:.0%})。「{word}」に最も近いのは「{near}」です。",
    "no dimension brought the loss within {near_floor:g} nats of the least possible.":
        "損失を下限から{near_floor:g}ナット以内にできた次元はありません。",
    "{enough} dimensions are enough to come within {near_floor:g} nats of the least possible loss.":
        "損失を下限から{near_floor:g}ナット以内にするには{enough}次元で足ります。",
    # -- progress
    "update {update}: the gradient's length is {gradient:.2g}, most of it in {weight}":
        "更新{update}回目: 勾配の長さは{gradient:.2g}、大部分は{weight}",
    "update {update}: {accuracy:.1%} of all sums are right; {sum}": "更新{update}回目: 正解{accuracy:.1%}、{sum}",
    "{activation}, {init}, seed {seed}: {accuracy:.1%} of all sums are right":
        "{activation}、{init}、乱数の種{seed}: 正解{accuracy:.1%}",
    "{cell}, radius {radius}: {left:.1e} left after {steps} steps":
        "{cell}、スペクトル半径{radius}: {steps}ステップで{left:.1e}が残る",
    "{cell}, radius {radius}, forget bias {forget_bias:g}: {left:.1e} left after {steps} steps":
        "{cell}、スペクトル半径{radius}、忘却ゲートのバイアス{forget_bias:g}: {steps}ステップで{left:.1e}が残る",
    "{cell}: {parameters:,} parameters, {milliseconds:.2f} ms a step, held out {held_out:.2f} nats":
        "{cell}: パラメータ{parameters:,}個、1ステップ{milliseconds:.2f}ミリ秒、検証{held_out:.2f}ナット",
    "{task}, {cell}: remembers over {reach} steps": "{task}、{cell}: {reach}ステップ覚えている",
    "{reads}, state {state}: copies {reach} symbols": "{reads}、状態{state}: {reach}個の記号を写せる",
    "{training}: train {train:.2f}, held out {held_out:.2f} nats per character":
        "{training}: 学習{train:.2f}、検証{held_out:.2f}ナット(1文字あたり)",
    "dimension {dimension}: loss {loss:.3f}, {same_kind:.0%} of the nearest are of the same kind":
        "{dimension}次元: 損失{loss:.3f}、最も近い語の{same_kind:.0%}が同じ種類",
    # -- headings of tables
    "experiment": "実験", "shows": "示すこと", "seconds": "秒", "section": "分野", "cell": "セル", "weight": "重み",
    "largest_gradient": "最大の勾配", "torch": "torchとの差", "finite_differences": "数値微分との差",
    "update": "更新", "updates": "更新回数", "loss": "損失", "gradient": "勾配の長さ", "accuracy": "正解率",
    "unseen_accuracy": "未見の正解率", "sum": "和", "right": "正解", "activation": "活性化関数", "init": "初期値",
    "seed": "乱数の種", "explosion": "爆発した更新", "ended": "最後の更新", "radius": "半径",
    "forget_bias": "バイアス", "singular_value": "特異値", 
    "after_10": "10歩前", "left": "残り", "left_in_c": "cに残る分", "per_step": "倍率",
    "bound": "上界", "step": "ステップ", "token": "文字", "input": "入力", "forget": "忘却", "output": "出力",
    "reset": "リセット", "parameters": "パラメータ数", "milliseconds": "ミリ秒", "held_out": "検証",
    "train": "学習", "task": "課題", "reach": "届く距離", "reads": "読み方", "state": "状態の大きさ",
    "training": "学習のしかた", "characters": "文字数", "best_held_out": "検証の最小", "best_at": "最小の更新",
    "word": "単語", "next": "次の単語", "of": "対象", "what": "量", "values": "値",
    "dimension": "次元", "above_floor": "下限との差", "same_kind": "同じ種類の割合", "other": "相手",
    "one_hot": "one-hotの距離", "learned": "学んだ距離", "nearest": "近い語",
    # -- names of further tables, and values in tables
    "weights": "重み", "gradients": "勾配", "costs": "費用", "encoder-decoder": "エンコーダ・デコーダ",
    "distances": "距離", "copy": "コピー", "adding": "足し算", "parentheses": "括弧",
    "fixed vector": "固定ベクトル", "attention": "注意機構", "as it is": "そのまま", "early stopping": "早期終了",
    "dropout": "ドロップアウト", "smaller": "小さいモデル", "more text": "文章を増やす",
    "RNN with attention": "注意機構付きRNN", "LSTM with attention": "注意機構付きLSTM",
    "GRU with attention": "注意機構付きGRU", "RNN, two directions": "双方向RNN",
    "LSTM, two directions": "双方向LSTM", "GRU, two directions": "双方向GRU",
    # -- pictures
    "relative difference": "相対的な差", "limit": "許容範囲",     "loss of an update": "更新ごとの損失",
    "length of the gradient": "勾配の長さ", "sums that were never shown": "学習に使わなかった和", "wrong": "不正解",
    "steps back": "さかのぼったステップ数", "share of the gradient left": "残る勾配の割合", "upper bound": "上界",
    "bias": "バイアス", "how far each gate stands open": "各ゲートの開き具合", "mean": "平均",
    "unit": "一例", "distance in steps": "距離(ステップ)", "right answers": "正解の割合",
    "length of the text copied": "写す記号列の長さ", "nats per character": "1文字あたりのナット",
        "a world of 30 words": "30語の世界", "flows back": "逆向きに流れる勾配", "cut": "打ち切り",
    "one step of truncated BPTT": "打ち切りBPTTの一歩",
    "accuracy by activation and first weights": "活性化関数と初期値ごとの正解率",
    }  # fmt: skip


def speaker(language: str) -> Callable[[str], str]:
    """Return what turns an English clause or word of the lab into a language; what it does not know stays English."""
    if language == "en":
        return lambda text: text
    return lambda text: JAPANESE.get(text, text)


def told(say: Callable[[str], str], clauses: tuple[str, ...], numbers: dict[str, object]) -> str:
    """Return a sentence of clauses with its numbers in place; those that name something of the lab are translated."""
    values = {
        name: say(value) if name in NAMING and isinstance(value, str) else value for name, value in numbers.items()
    }
    return "".join(say(clause).format(**values) for clause in clauses)
