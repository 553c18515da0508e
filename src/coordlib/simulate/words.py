"""Word lists and caption making for the simulated world: our own words, several languages.

Nothing here was copied from a real account. Captions are assembled from a subject, a verb phrase and
an ending of one language, plus hashtags of one theme, so they are obviously synthetic and yet have
the lengths, scripts, commas, quotes and emoji of real ones.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Language:
    """The pieces one language's captions are made of."""

    code: str
    subjects: tuple[str, ...]
    phrases: tuple[str, ...]
    endings: tuple[str, ...]


LANGUAGES: dict[str, Language] = {
    "en": Language(
        "en",
        (
            "My neighbour",
            "The little bakery",
            "Our goalkeeper",
            "This old lighthouse",
            "Grandma",
            "The night bus",
            "A stranger on the train",
            "The mayor of Nowhereville",
            "My cat Biscuit",
            "The school choir",
            "That one teacher",
            "The harbour crew",
            "Our village",
            "The last ferry",
            "The new bridge",
        ),
        (
            "finally told us the whole story",
            "did something nobody expected",
            "is back after seven long weeks",
            "has a message for everybody",
            "made the best soup of the winter",
            "won by a single point",
            "kept the lights on all night",
            "opened the doors at sunrise",
            "sang until the rain stopped",
            "found the missing letter",
            "changed the plan again",
            "answered every single question",
        ),
        (
            "and I still can't believe it",
            "watch until the end",
            "what would you have done?",
            "part two tomorrow",
            "share it before it is gone",
            "tell me I'm wrong",
            "nobody is talking about this",
            "more in the comments",
            "honestly, I cried",
            "you won't see this on the evening news",
            "and that is the truth",
        ),
    ),
    "it": Language(
        "it",
        (
            "Mia nonna",
            "Il fornaio di piazza Inventata",
            "La squadra del paese",
            "Il vecchio faro",
            "Il treno delle sei",
            "La vicina del terzo piano",
            "Il sindaco di Nessunluogo",
            "Il mio gatto Polpetta",
            "La maestra",
            "Il coro della scuola",
            "Il ponte nuovo",
            "L'ultimo traghetto",
        ),
        (
            "ha finalmente raccontato tutta la storia",
            "ha fatto una cosa che nessuno si aspettava",
            "è tornata dopo sette settimane",
            "ha un messaggio per tutti",
            "ha preparato la zuppa più buona dell'inverno",
            "ha vinto per un solo punto",
            "ha tenuto le luci accese tutta la notte",
            "ha ritrovato la lettera perduta",
            "ha cambiato di nuovo programma",
            "ha risposto a ogni domanda",
        ),
        (
            "e ancora non ci credo",
            "guardate fino alla fine",
            "voi che cosa avreste fatto?",
            "domani la seconda parte",
            "condividete prima che sparisca",
            "nessuno ne parla",
            "il resto nei commenti",
            "giuro, ho pianto",
            "e questa è la verità",
        ),
    ),
    "fr": Language(
        "fr",
        (
            "Ma voisine",
            "La petite boulangerie",
            "Notre gardien de but",
            "Le vieux phare",
            "Le dernier bac",
            "Le maire de Nullepart",
            "Mon chat Caramel",
            "La chorale de l'école",
            "Le pont neuf du village",
        ),
        (
            "a enfin raconté toute l'histoire",
            "a fait ce que personne n'attendait",
            "est de retour après sept semaines",
            "a un message pour tout le monde",
            "a gagné d'un seul point",
            "a gardé la lumière allumée toute la nuit",
            "a retrouvé la lettre perdue",
            "a encore changé de plan",
        ),
        (
            "et je n'y crois toujours pas",
            "regardez jusqu'à la fin",
            "et vous, qu'auriez-vous fait ?",
            "la suite demain",
            "partagez avant que ça disparaisse",
            "personne n'en parle",
            "et c'est la vérité",
        ),
    ),
    "es": Language(
        "es",
        (
            "Mi vecina",
            "La panadería de la esquina",
            "Nuestro portero",
            "El viejo faro",
            "El último barco",
            "El alcalde de Ningunlugar",
            "Mi gato Croqueta",
            "El coro del colegio",
            "El puente nuevo",
        ),
        (
            "por fin contó toda la historia",
            "hizo algo que nadie esperaba",
            "ha vuelto después de siete semanas",
            "tiene un mensaje para todos",
            "ganó por un solo punto",
            "dejó las luces encendidas toda la noche",
            "encontró la carta perdida",
            "cambió otra vez de plan",
        ),
        (
            "y todavía no lo creo",
            "mira hasta el final",
            "¿tú qué habrías hecho?",
            "mañana la segunda parte",
            "compártelo antes de que desaparezca",
            "nadie habla de esto",
            "y esa es la verdad",
        ),
    ),
    "de": Language(
        "de",
        (
            "Meine Nachbarin",
            "Die kleine Bäckerei",
            "Unser Torwart",
            "Der alte Leuchtturm",
            "Die letzte Fähre",
            "Der Bürgermeister von Nirgendwo",
            "Mein Kater Knödel",
            "Der Schulchor",
            "Die neue Brücke",
        ),
        (
            "hat endlich die ganze Geschichte erzählt",
            "hat etwas getan, womit niemand gerechnet hat",
            "ist nach sieben Wochen wieder da",
            "hat eine Nachricht für alle",
            "hat mit einem einzigen Punkt gewonnen",
            "hat die ganze Nacht das Licht angelassen",
            "hat den verlorenen Brief gefunden",
        ),
        (
            "und ich kann es immer noch nicht glauben",
            "bis zum Ende anschauen",
            "was hättet ihr getan?",
            "morgen kommt Teil zwei",
            "teilen, bevor es weg ist",
            "niemand spricht darüber",
            "und das ist die Wahrheit",
        ),
    ),
    "pt": Language(
        "pt",
        (
            "Minha vizinha",
            "A padaria da esquina",
            "O nosso goleiro",
            "O velho farol",
            "O prefeito de Lugarnenhum",
            "A última balsa",
        ),
        (
            "finalmente contou toda a história",
            "fez o que ninguém esperava",
            "voltou depois de sete semanas",
            "tem um recado para todos",
            "ganhou por um único ponto",
            "achou a carta perdida",
        ),
        (
            "e ainda não acredito",
            "assista até o final",
            "o que você teria feito?",
            "amanhã tem a parte dois",
            "ninguém fala disso",
        ),
    ),
    "id": Language(
        "id",
        (
            "Tetangga saya",
            "Warung kecil di pojok",
            "Kiper kita",
            "Mercusuar tua",
            "Kapal terakhir",
            "Jembatan baru",
        ),
        (
            "akhirnya menceritakan semuanya",
            "melakukan hal yang tak terduga",
            "kembali setelah tujuh minggu",
            "punya pesan untuk semua",
            "menang dengan satu angka",
            "menemukan surat yang hilang",
        ),
        (
            "dan saya masih tidak percaya",
            "tonton sampai habis",
            "kalau kamu bagaimana?",
            "besok bagian kedua",
            "tidak ada yang membahas ini",
        ),
    ),
    "bn": Language(
        "bn",
        ("আমার প্রতিবেশী", "ছোট বেকারি", "আমাদের গোলরক্ষক", "পুরনো বাতিঘর", "শেষ ফেরি", "নতুন সেতু"),
        (
            "অবশেষে পুরো গল্পটা বলল",
            "যা কেউ ভাবেনি তাই করল",
            "সাত সপ্তাহ পরে ফিরে এল",
            "সবার জন্য একটি বার্তা দিল",
            "এক পয়েন্টে জিতে গেল",
        ),
        ("এখনও বিশ্বাস হয় না", "শেষ পর্যন্ত দেখুন", "আপনি হলে কী করতেন?", "কাল দ্বিতীয় পর্ব"),
    ),
    "ar": Language(
        "ar",
        ("جارتي", "المخبز الصغير", "حارس مرمانا", "المنارة القديمة", "العبّارة الأخيرة", "الجسر الجديد"),
        (
            "حكى القصة كاملة أخيرا",
            "فعل ما لم يتوقعه أحد",
            "عاد بعد سبعة أسابيع",
            "له رسالة للجميع",
            "فاز بنقطة واحدة",
        ),
        ("وما زلت لا أصدق", "شاهد حتى النهاية", "ماذا كنت ستفعل؟", "غدا الجزء الثاني"),
    ),
}

THEMES: dict[str, tuple[str, ...]] = {
    "news": ("simnews", "breakingsim", "todaysim", "nowherenews", "worldsim", "headline", "simreport"),
    "football": ("simcup", "goalsim", "matchday", "fcnowhere", "penalty", "simleague", "derby"),
    "food": ("souptok", "simrecipe", "winterkitchen", "breadday", "homemadesim", "pastasim"),
    "pets": ("catsofsim", "biscuitthecat", "dogday", "petsim", "softpaws"),
    "music": ("simsong", "choirlife", "newtrack", "duetsim", "danceday", "simfan"),
    "politics": ("simvote", "nowherefirst", "thetruthsim", "electionsim", "wakeupsim", "patriotsim"),
    "travel": ("lighthouse", "ferryride", "simcoast", "bridgeview", "wandersim"),
    "stories": ("storytime", "parttwo", "seconddatesim", "redditsim", "confessions", "waitforit"),
}
VIRAL_TAGS: tuple[str, ...] = ("fyp", "foryou", "viral", "foryoupage", "fypシ", "trending")
EMOJI: tuple[str, ...] = ("😂", "😭", "🔥", "❤️", "⚽", "🙏", "👀", "🇮🇹", "✨", "😱", "👇", "🐈‍⬛")
INVISIBLE: tuple[str, ...] = ("\u200b", "\ufe0f", "\u2060", "\u200d", "\u00ad")
#: Text that breaks careless code: markup, formulas, separators, quotes, direction marks, look-alikes of missing values.
HOSTILE: tuple[str, ...] = (
    '<script>alert("sim")</script> watch until the end',
    "=HYPERLINK(\"https://example.invalid\",\"click\") #simnews",
    "one, two, three, and four, all in \"one\" caption, with commas, #storytime",
    "a line\nand another line\r\nand a third #redditsim",
    "<br/>bold? <b>yes</b> &amp; no & maybe #simvote",
    "+39 000 0000, call now #simcup",
    "\u202eright to left\u202c and back #worldsim",
    "NA", "null", "NaN", "'; DROP TABLE videos; --", "{{ config }} ${HOME} %s {0}", "#", "@",
    "[a](javascript:alert(1)) `code` **bold** ~~gone~~ #headline",
    "\\u0000 not really a NUL, C:\\temp\\new #simreport",
)  # fmt: skip
