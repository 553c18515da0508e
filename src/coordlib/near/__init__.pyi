from .captions import add_differing_words, add_near_text, comparable, differing_words, hashtag_sequence

__all__ = ["add_differing_words", "add_near_text", "comparable", "differing_words", "hashtag_sequence"]
