"""The lab's own texts, for a reader who brings none: short tales in English and in Japanese, written for it."""

from __future__ import annotations

ENGLISH = """\
The miller had three clocks, and no two of them agreed. The first was fast, the second was slow, and the third had
stopped on a winter night when his daughter was born. Every morning the miller looked at all three, thought for a
while, and asked the baker what time it was.

The baker had no clock. He knew the time by his bread. When the crust was brown it was six, and when the last loaf was
sold it was noon. So the miller ground the corn by the bread, and the baker baked the bread by the corn, and neither
of them was ever late.

One day a stranger came to the village with a clock that was never wrong. It had a white face and a thin black hand,
and it told the hour, the minute and the second. The miller bought it and hung it over the door. The next morning the
bread was late, or the clock was early, and the miller did not know which of them to believe.

He went to the old woman by the well. She had seen more winters than anybody, and she spoke slowly. "When two people
walk together," she said, "the one who looks at his feet is never in step. Look at the other, and you will be." The
miller went home and turned the new clock to the wall.

In spring the river rose. It came over the stones and over the bridge, and it came into the mill. The water took the
fast clock and the slow clock, and it took the clock that was never wrong. When the river went down again, only the
third clock was left, the one that had stopped. The miller dried it and set it on the shelf, and twice a day it was
right.

The daughter of the miller grew up and learned to read. She read the letters of the whole village, because nobody else
could. She read that the son of the baker was well, that the sister of the smith had two small children, and that the
sea was very wide. She read slowly at first, a letter and then a letter, and later she knew the word before it ended.

"How do you know what comes next?" asked her father. "I remember what came before," she said. "When I have read that
the snow was, I wait for white or cold or deep. I do not wait for the name of a town. If a letter is lost I can still
read the word, and if a word is lost I can still read the line."

The smith did not believe it. He wrote a line and covered the last word with his thumb. The girl read the line and
laughed. "The smith is strong," she said, "and the thumb is on the word that says he is also vain." The whole village
laughed, and the smith laughed last and longest.

When the girl was old she had three clocks, and all of them agreed. She did not like it. She stopped one, and she let
one run fast, and she let one run slow. Then she looked at all three, thought for a while, and asked the baker what
time it was.
"""

JAPANESE = """\
むかし、山のふもとに小さな村がありました。村には水車が一つあり、水車のとなりには粉ひきのおじいさんが住んでいました。
おじいさんの家には時計が三つありましたが、三つとも時間がちがいました。一つ目は進みすぎ、二つ目はおくれすぎ、三つ目は
止まっていました。おじいさんは毎朝三つの時計を見て、少し考えて、それからパン屋に時間を聞きに行きました。
パン屋には時計がありませんでした。パンがこげ茶色になると六時で、さいごのパンが売れると昼でした。おじいさんはパンを見て
粉をひき、パン屋は粉を見てパンをやきました。それで、二人がおくれることはありませんでした。
ある日、旅の人が村に来ました。旅の人は、けっしてまちがわない時計を持っていました。おじいさんはその時計を買って、戸の上に
かけました。つぎの朝、パンがおくれたのか、時計が早いのか、おじいさんには分かりませんでした。
おじいさんは井戸のそばのおばあさんに聞きに行きました。おばあさんはゆっくり言いました。「二人で歩くときは、自分の足を見ては
いけないよ。となりの人を見て歩けば、足はそろうものだよ。」おじいさんは家に帰って、新しい時計をかべに向けました。
春になると、川の水が上がりました。水は石をこえ、橋をこえ、水車の中まで入って来ました。水は進む時計を流し、おくれる時計を
流し、まちがわない時計も流しました。水が引くと、止まった時計だけが残っていました。おじいさんはその時計をかわかして、たなに
置きました。時計は一日に二回、正しい時間をさしました。
おじいさんのむすめは大きくなって、字をおぼえました。村で字を読めるのはむすめだけでしたから、むすめは村じゅうの手紙を読みました。
はじめは一字ずつ、ゆっくり読みました。あとになると、ことばが終わる前に、そのことばが分かるようになりました。
「つぎに何が来るか、どうして分かるのか。」とおじいさんが聞きました。「前に何が来たか、おぼえているからです。」とむすめは言いました。
「雪が、と読んだら、白いか、つめたいか、ふるかを待ちます。町の名前は待ちません。字が一つ消えていても、ことばは読めます。
ことばが一つ消えていても、手紙は読めます。」
かじ屋は信じませんでした。かじ屋は字を書いて、さいごのことばを親指でかくしました。むすめはそれを読んで笑いました。
「かじ屋は強い、と書いてあります。親指の下には、かじ屋は自分が好きだ、と書いてあります。」村じゅうが笑いました。かじ屋は
さいごに、いちばん長く笑いました。
むすめがおばあさんになったとき、家には時計が三つあって、三つとも時間が同じでした。おばあさんはそれが好きではありませんでした。
一つを止めて、一つを進めて、一つをおくらせました。そして毎朝三つの時計を見て、少し考えて、それからパン屋に時間を聞きに行きました。
"""

TEXTS = {"en": " ".join(ENGLISH.split()), "ja": "".join(JAPANESE.split())}
SENTENCES = {"en": "The miller dried the clock and laughed.", "ja": "おじいさんは時計を見て笑いました。"}
FIVE_WORDS = {"en": "the girl read the letter .", "ja": "むすめ は 手紙 を 読む 。"}
