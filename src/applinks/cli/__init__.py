"""The command line: ``applinks NOUN VERB``, in the words of the pages."""
