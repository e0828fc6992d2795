"""The pages of `dnc site`: what `use_cases.history.site` gathered in, HTML out.

`pages` puts a page together, `blocks` has what it is made of, `chart` and `timeline` draw, and the other
modules each make one part. No outside asset, no number.
"""
