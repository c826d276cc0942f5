def write(r,o):
    (o/"README.md").write_text("stub")
