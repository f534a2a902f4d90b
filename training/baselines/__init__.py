"""What a model is measured beside: a Markov model and an LSTM, each of which knows one voice by itself.

Read `both` first (fitted and loaded), then `markov`: its contexts in `flat` and `chains`, the words in `views`, and
the figures in `counts` and `mixing`; `markov_file` keeps it. The other is `tokens`, `lstm` and `lstm_fit`.
"""
