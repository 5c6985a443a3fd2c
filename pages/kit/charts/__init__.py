"""Numbers to charts, a file for each page that has its own: data in, altair out."""
