"""English words that sentences begin with and that are no names, so that their capital letter says nothing.

Words that are both ("may", "will", "mark", "hope", "rose", "grace", "bill", "frank") are not among them.
"""

from __future__ import annotations

from typing import Final

_WORDS = """
a about above absolutely according accordingly across act actually add adding additionally admittedly after
afterward afterwards again against age ah all allow almost alone along already alright also although altogether
always am amazing among an analyze and another answer any anybody anyone anything anyway anywhere apart apologies
apparently apply are around as aside ask asking assume assuming at avoid away aw aww awesome awful
back bad based basically be because become becoming been before begin beginning behind being believe below
beneath beside besides best better between beyond big both break breathe bring bringing build building but buy
buying by bye call calling calm can cannot careful carefully cause certain certainly change changing check
checking children choose choosing clean cleaning clear clearly click close collect combine come coming compare
compared consequently consider considering construct contact continue convert cook cool correct could count
create creating cross cut cutting
dear decide deep deeply define definitely depending describe design despite determine develop did different
difficult do does doing done double down draw drink drinking drive driving due during each earlier
early earn easily easy eat eating either else elsewhere enable encourage end engage enjoy enough ensure enter
equally especially essentially establish even eventually ever every everybody everyone everything everywhere
evidently exactly examine examples excellent except exciting excuse expect explain explore express extra
fair fairly fall false families family far fast few fewer fill finally find finding fine finish first firstly fix
focus follow following food for forget form former fortunately forward four free frequently fresh friends from
frankly full fully funny further furthermore
generally gently get getting girls give given giving glad go goes going good goodbye got gradually grammatically
great greetings group grow growing guess guys had half handle hang happily happy hard hardly has
have having he head health healthy hear hello help helping hence her here hers herself hey hi high higher highly
him himself his hm hmm hmmm hold holding honestly hopefully how however huge huh humans hundreds hurry
identify idk if ignore im imagine immediately important impossible improve in include including increase
indeed initially input inside install instead interesting interestingly into invest involve is it its itself
join joking just keep keeping kids kill kind know knowing known lack large largely last lastly lately later laugh
lead learn learning least leave leaving left less let lets letting life light like likely likewise limit
list listen little live living locate log lol long look looking looks lose losing lots love loving low lower
made mainly maintain make makes making many massive match maybe me mean meaning meanwhile measure meanwhile
men mention mental mere merely might million millions mind mine minor mix money moreover more most mostly mother
move moving much multiple must my myself name namely natural naturally near nearby nearly necessary need needless
neither never nevertheless new next nice no nobody none nonetheless nor normal normally not note nothing notice
notwithstanding now nowadays nowhere number numerous observe obviously occasionally odd of off offer often oh ok
okay old older on once one ones only oops open opening or order organize other others otherwise ought our ours
ourselves out outside over overall own
parents part particularly pass past pay paying people perfect perhaps personally pick place plan plan play playing
please plenty plus point poor popular possible possibly potential pour practically practice pray precisely
prepare preferably presumably pretend pretty prevent previously prior probably problem proceed promise
properly protect prove provide provided providing pull push put putting
question quickly quiet quietly quite raise rarely rather read reading ready realistically really recall recently
recognize record reduce regarding regardless regularly related relax reluctantly remain remember remove repeat
replace report research respect respectfully rest return review right run running
sad sadly safe safety said same save saw say saying says scared search second secondly see seeing seek seem
seemingly seems seen select sell send sending separate seriously serve set several share shared sharing she short
should show shut significant similar similarly simple simply since sing sit six sleep slow slowly small
smart smile so soft some somebody somehow someone something sometimes somewhat somewhere soon sorry sort sounds
speak speaking specifically spend spread stand start starting starts state stay steal step steps stick still stir
stop stopping store strange strictly strong students study studying stupid subsequently such suddenly suggest
supposedly sure surely surprisingly switch
take taken taking talk talking teach technically tell telling ten terrible test than thank thankfully thanks that
the their theirs them themselves then there thereafter thereby therefore these they thing things think thinking
third this those though thousands three through throughout throw thus tie time to together too top totally toward
towards track treat true truly trust truth try trying turn turning twice two typically
ugh ultimately um under understand understanding understandably unfortunately unless unlike until up upon us use
used useful user users uses using usually various verify very violence visit vitamins wait waiting walk walking
wanna want wanting was wash watch watching we wear welcome well were what whatever when whence whenever
where whereas wherever whether which whichever while who whoever whole whom whose why wide with within without
women wonderful wondering words work working worse worst would wow write writing wrong
ya yeah yeah yep yes yet you young your yours yourself yourselves yup
"""

OPENERS: Final = frozenset(_WORDS.split())
