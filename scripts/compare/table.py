"""Prints a table of texts, the first row its titles."""


def show(rows, markdown=False):
    if markdown:
        rows.insert(1, ["---"] * len(rows[0]))
        for row in rows:
            print(f"| {' | '.join(row)} |")
        return
    widths = [max(map(len, column)) for column in zip(*rows)]
    for row in rows:
        print("  ".join(f"{text:{width}}" for text, width in zip(row, widths)).rstrip())
