"""A page of the Admin as a browser has it: its inputs with their values, to be sent back."""

from html.parser import HTMLParser


class _Form(HTMLParser):
    def __init__(self, form_id):
        super().__init__(convert_charrefs=True)
        self.form_id, self.inside, self.sent = form_id, False, {}
        self.select = self.area = None

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag == "form":
            self.inside = attrs.get("id") == self.form_id or self.form_id is None
        elif not self.inside:
            return
        elif tag == "input" and attrs.get("name"):
            kind = attrs.get("type")
            if kind == "submit" or (kind in ("checkbox", "radio") and "checked" not in attrs):
                return
            self.sent.setdefault(attrs["name"], []).append(
                attrs.get("value", "on" if kind == "checkbox" else "")
            )
        elif tag == "select":
            self.select = attrs["name"]
        elif tag == "option" and self.select and "selected" in attrs:
            self.sent.setdefault(self.select, []).append(attrs.get("value", ""))
        elif tag == "textarea":
            self.area = attrs["name"]
            self.sent[self.area] = [""]

    def handle_data(self, text):
        if self.area:
            self.sent[self.area][0] += text

    def handle_endtag(self, tag):
        if tag == "form":
            self.inside = False
        if tag == "select":
            self.select = None
        if tag == "textarea" and self.area:
            # The line end after the tag is not part of the text, and browsers send CRLF.
            self.sent[self.area][0] = "\r\n".join(self.sent[self.area][0].removeprefix("\n").splitlines())
            self.area = None


def inputs_of(response, form_id):
    """What a browser sends of a form of the page that nobody touches, by the names of the inputs."""
    form = _Form(form_id)
    form.feed(response.content.decode())
    return form.sent
