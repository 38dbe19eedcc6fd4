"""Forms of words that no stemmer brings together: `women`, `struck`, `gestorben`, `yeux`.

A form that is as often another word (`left`, `saw`, `found`) is left out.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, lru_cache

from newsdex.index.text.analysis import terms
from newsdex.index.text.languages import DEFAULT

FORMS = {
    "en": """
        man men, woman women, child children, foot feet, tooth teeth, goose geese, mouse mice, louse lice, ox oxen
        wife wives, life lives, knife knives, wolf wolves, half halves, leaf leaves, shelf shelves, thief thieves
        calf calves, loaf loaves, scarf scarves, hoof hooves, self selves, elf elves, penny pence, gunman gunmen
        crisis crises, analysis analyses, basis bases, thesis theses, axis axes, oasis oases, hypothesis hypotheses
        diagnosis diagnoses, emphasis emphases, parenthesis parentheses, synthesis syntheses, paralysis paralyses
        criterion criteria, phenomenon phenomena, bacterium bacteria, curriculum curricula, stadium stadia
        referendum referenda, memorandum memoranda, millennium millennia, stratum strata, datum data, index indices
        appendix appendices, matrix matrices, vertex vertices, nucleus nuclei, cactus cacti, fungus fungi
        alumnus alumni, stimulus stimuli, larva larvae, formula formulae, antenna antennae, alga algae
        vertebra vertebrae, arise arose arisen, awake awoke awoken, become became, begin began begun, bend bent
        bleed bled, blow blew blown, break broke broken, breed bred, bring brought, build built, burn burnt
        buy bought, catch caught, choose chose chosen, cling clung, come came, creep crept, deal dealt, dig dug
        draw drew drawn, drink drank drunk, drive drove driven, eat ate eaten, fall fallen, fight fought, flee fled
        fling flung, fly flew flown, forbid forbade forbidden, foresee foresaw foreseen, forget forgot forgotten
        forgive forgave forgiven, freeze froze frozen, get got gotten, give gave given, go went gone
        grow grew grown, hang hung, hear heard, hide hid hidden, hold held, keep kept, kneel knelt, know knew known
        lead led, leap leapt, learn learnt, lend lent, lose lost, make made, mean meant, meet met, mislead misled
        mistake mistook mistaken, outgrow outgrew outgrown, overcome overcame, oversee oversaw overseen
        overtake overtook overtaken, overthrow overthrew overthrown, pay paid, rebuild rebuilt, repay repaid
        ride rode ridden, run ran, seek sought, sell sold, send sent, shake shook shaken, shine shone, shoot shot
        show shown, shrink shrank shrunk, sing sang sung, sink sank sunk, sleep slept, slide slid
        speak spoke spoken, speed sped, spend spent, spin spun, spring sprang sprung, stand stood
        steal stole stolen, stick stuck, sting stung, strike struck stricken, strive strove striven
        swear swore sworn, sweep swept, swim swam swum, swing swung, take took taken, teach taught, tear tore torn
        tell told, think thought, throw threw thrown, undergo underwent undergone, understand understood
        undertake undertook undertaken, undo undid undone, uphold upheld, wake woke woken, wear wore worn
        weave wove woven, weep wept, win won, withdraw withdrew withdrawn, withhold withheld, withstand withstood
        write wrote written
    """,
    "de": """
        sterben starb gestorben, gehen ging gegangen, kommen kam gekommen, nehmen nahm genommen
        sprechen sprach gesprochen, schreiben schrieb geschrieben, fahren fuhr gefahren, gewinnen gewann gewonnen
        verlieren verlor verloren, treffen traf getroffen, brechen brach gebrochen, steigen stieg gestiegen
        fallen fiel gefallen, bleiben blieb geblieben, werfen warf geworfen, ziehen zog gezogen
        schießen schoss geschossen, schließen schloss geschlossen, beginnen begann begonnen
        bringen brachte gebracht, denken dachte gedacht, finden gefunden, geben gegeben, greifen griff gegriffen
        helfen geholfen, laufen gelaufen, sehen gesehen, singen sang gesungen, sinken sank gesunken
        springen sprang gesprungen, stehlen stahl gestohlen, tragen trug getragen, trinken trank getrunken
        tun getan, verbieten verbot verboten, vergessen vergaß, verschwinden verschwand verschwunden
        wachsen wuchs gewachsen, angreifen angegriffen, essen gegessen, fliegen geflogen
        entscheiden entschied entschieden
    """,
    "fr": """
        œil yeux, ciel cieux, travail travaux, vitrail vitraux, bail baux
        prendre pris, mettre mis, mourir mort, élire élu, recevoir reçu, écrire écrit
        ouvrir ouvert, offrir offert, battre battu, perdre perdu, vendre vendu, voir vu, venir venu, vivre vécu
        naître né, vaincre vaincu, conduire conduit, détruire détruit, construire construit, découvrir découvert
        craindre craint, éteindre éteint, apprendre appris, comprendre compris, permettre permis, promettre promis
        résoudre résolu, dissoudre dissous
    """,
    "es": """
        morir murió muerto, decir dijo dicho, hacer hizo hecho, poner puso puesto, traer trajo, pedir pidió
        abrir abierto, escribir escrito, romper roto, ver visto, volver vuelto, detener detuvo, obtener obtuvo
        producir produjo, conducir condujo, proponer propuso propuesto, querer quiso, saber supo, tener tuvo
        descubrir descubierto, resolver resuelto, cubrir cubierto, elegir eligió, sentir sintió, seguir siguió
        dormir durmió
    """,
    "it": """
        uomo uomini, dio dei, uovo uova, bue buoi, morire morto, prendere preso, decidere deciso, uccidere ucciso
        vincere vinto, chiudere chiuso, aprire aperto, scrivere scritto, dire detto, fare fatto, mettere messo
        eleggere eletto, condurre condotto, produrre prodotto, perdere perso, rompere rotto, accendere acceso
        leggere letto, nascere nato, offrire offerto, rispondere risposto, scoprire scoperto, spendere speso
        vivere vissuto
    """,
    "nl": """
        stad steden, schip schepen, kind kinderen, ei eieren, lid leden, gaan ging gegaan, nemen nam genomen
        schrijven schreef geschreven, sterven stierf gestorven, kopen kocht gekocht, brengen bracht gebracht
        denken dacht gedacht, vinden vond gevonden, winnen gewonnen, verliezen verloor verloren, breken gebroken
    """,
    "pt": """
        morrer morto, dizer disse dito, fazer fez feito, pôr pôs posto, trazer trouxe, abrir aberto
        escrever escrito, ver visto, vir veio, eleger eleito, ganhar ganho, pagar pago, ter teve, poder pôde
    """,
    "ru": """
        человек люди, ребёнок дети детей детям, друг друзья друзей, брат братья братьев, сын сыновья сыновей
        идти шёл шла шли, найти нашёл нашла нашли, прийти пришёл пришла пришли, уйти ушёл ушла ушли
    """,
}
"""By language, words with their irregular forms; the first is the one whose regular forms count, too."""

_MAN = re.compile(r"(\w{4,}m)(a|e)n")
"""`policeman`, `fishermen`: all English words of the kind."""


@lru_cache(maxsize=10_000)
def irregular_forms(word: str, languages: tuple[str, ...]) -> tuple[str, ...]:
    """Return the terms of a word's other forms, in each language that has any."""
    plain = terms(word, DEFAULT)[-1]
    found = [term for code in languages for term in _other_terms(word, plain, code)]
    if men := _MAN.fullmatch(plain):
        found.append(f"{men[1]}{'e' if men[2] == 'a' else 'a'}n")
    return tuple(dict.fromkeys(found))


def _other_terms(word: str, plain: str, language: str) -> Iterator[str]:
    table = _terms_of(language)
    for key in dict.fromkeys((terms(word, language)[0], plain)):
        yield from table.get(key, ())


@cache
def _terms_of(language: str) -> Mapping[str, Sequence[str]]:
    """Return a term → those of the same word's other forms."""
    table: dict[str, list[str]] = defaultdict(list)
    for entry in FORMS.get(language, "").replace("\n", ",").split(","):
        base, *others = entry.split() or [""]
        # an English form may have another word's stem: of `lives`, it is that of `live`
        stem = terms(base, language)[0] if base else ""
        forms = [stem, *(terms(form, language)[-1 if language == DEFAULT else 0] for form in others)]
        for form in dict.fromkeys(forms if base else ()):
            table[form] += [other for other in forms if other != form]
    return table
