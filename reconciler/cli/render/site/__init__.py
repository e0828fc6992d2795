"""The pages of `dnc site`: what `reconcile.site` gathered in, HTML out, without any outside asset."""
