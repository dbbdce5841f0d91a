"""Commands of translation: train-translate, translate, score-translation, evaluate-translation."""
