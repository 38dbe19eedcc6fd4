"""ISO 639: languages that have a code of two letters, and their other names; BCP 47 takes the shortest code."""

_LANGUAGES = """
aa aar afar; ab abk abkhazian; af afr afrikaans; ak aka akan; am amh amharic; ar ara arabic; an arg aragonese;
as asm assamese; av ava avaric; ae ave avestan; ay aym aymara; az aze azerbaijani; ba bak bashkir; bm bam
bambara; be bel belarusian; bn ben bengali; bi bis bislama; bo bod tib tibetan; bs bos bosnian; br bre breton;
bg bul bulgarian; ca cat catalan; cs ces cze czech; ch cha chamorro; ce che chechen; cu chu; cv chv chuvash; kw
cor cornish; co cos corsican; cr cre cree; cy cym wel welsh; da dan danish; de deu ger german; dv div divehi; dz
dzo dzongkha; el ell gre greek; en eng english; eo epo esperanto; et est estonian; eu eus baq basque; ee ewe
ewe; fo fao faroese; fa fas per persian; fj fij fijian; fi fin finnish; fr fra fre french; fy fry; ff ful fulah;
gd gla; ga gle irish; gl glg galician; gv glv manx; gn grn guarani; gu guj gujarati; ht hat haitian; ha hau
hausa; he heb hebrew; hz her herero; hi hin hindi; ho hmo; hr hrv croatian; hu hun hungarian; hy hye arm
armenian; ig ibo igbo; io ido ido; ii iii; iu iku inuktitut; ie ile interlingue; ia ina interlingua; id ind
indonesian; ik ipk inupiaq; is isl ice icelandic; it ita italian; jv jav javanese; ja jpn japanese; kl kal
kalaallisut; kn kan kannada; ks kas kashmiri; ka kat geo georgian; kr kau kanuri; kk kaz kazakh; km khm khmer;
ki kik kikuyu; rw kin kinyarwanda; ky kir kirghiz; kv kom komi; kg kon kongo; ko kor korean; kj kua kuanyama; ku
kur kurdish; lo lao lao; la lat latin; lv lav latvian; li lim limburgan; ln lin lingala; lt lit lithuanian; lb
ltz luxembourgish; lu lub luba-katanga; lg lug ganda; mh mah marshallese; ml mal malayalam; mr mar marathi; mk
mkd mac macedonian; mg mlg malagasy; mt mlt maltese; mn mon mongolian; mi mri mao maori; ms msa may malay; my
mya bur burmese; na nau nauru; nv nav navajo; nr nbl; nd nde; ng ndo ndonga; ne nep nepali; nl nld dut dutch; nn
nno; nb nob; no nor norwegian; ny nya chichewa; oc oci occitan; oj oji ojibwa; or ori oriya; om orm oromo; os
oss ossetian; pa pan panjabi; pi pli pali; pl pol polish; pt por portuguese; ps pus pushto; qu que quechua; rm
roh romansh; ro ron rum romanian; rn run rundi; ru rus russian; sg sag sango; sa san sanskrit; si sin sinhala;
sk slk slo slovak; sl slv slovenian; se sme; sm smo samoan; sn sna shona; sd snd sindhi; so som somali; st sot;
es spa spanish; sq sqi alb albanian; sc srd sardinian; sr srp serbian; ss ssw swati; su sun sundanese; sw swa
swahili; sv swe swedish; ty tah tahitian; ta tam tamil; tt tat tatar; te tel telugu; tg tgk tajik; tl tgl
tagalog; th tha thai; ti tir tigrinya; to ton tonga; tn tsn tswana; ts tso tsonga; tk tuk turkmen; tr tur
turkish; tw twi twi; ug uig uighur; uk ukr ukrainian; ur urd urdu; uz uzb uzbek; ve ven venda; vi vie
vietnamese; vo vol volapük; wa wln walloon; wo wol wolof; xh xho xhosa; yi yid yiddish; yo yor yoruba; za zha
zhuang; zh zho chi chinese; zu zul zulu
"""
"""Of each language its code, those of three letters (in two lists, where they differ), and its English name."""

TWO_LETTERS = {
    name: code for language in _LANGUAGES.split(";") for code, *names in [language.split()] for name in names
}
"""Code of three letters or English name → code of two letters."""
