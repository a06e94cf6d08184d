from hypothesis import settings

# No deadline: a busy machine is not a mistake. No database: a checkout stays clean.
settings.register_profile("applinks", deadline=None, database=None, max_examples=150)
settings.load_profile("applinks")
