#!/usr/bin/env python3
"""Writes shop_events.csv: half a year of a small shop that does not exist.

usage: make_shop.py > shop_events.csv

Customers have one to three interests and now and then look at something else; they look before they
put into the cart, and put there before they order; what is ordered leads to what goes with it. Nothing but
the standard library is used, and of it only Random.random(), which is the same in every version.
"""

import math
import random
import sys
from datetime import datetime, timedelta

CATALOGUE = {
    "tea": "Assam|Darjeeling First Flush|Earl Grey|Genmaicha|Jasmine Pearls|Lapsang Souchong|Oolong|"
    "Pu-erh Cake|Rooibos Vanilla|Sencha|White Peony|Tea Strainer|Cast Iron Teapot|Matcha Whisk",
    "coffee": "Ethiopia Sidamo|Kenya AA|Sumatra Mandheling|House Espresso|Decaf Colombia|Moka Pot|"
    "Pour-over Cone|Paper Filters|Hand Grinder|Milk Frother|French Press|Cold Brew Jar",
    "baking": "Banneton Basket|Baking Stone|Bench Scraper|Rye Flour|Spelt Flour|Dough Whisk|"
    "Loaf Tin|Springform Pan|Vanilla Pods|Sourdough Starter|Rolling Pin|Pastry Brush",
    "hiking": "Trekking Poles|Rain Jacket|Wool Socks|Water Filter|Headlamp|Map of the Alps|"
    "Blister Plasters|Gaiters|Daypack 20 l|Steel Bottle|Compass|Emergency Blanket",
    "camping": "Two-Person Tent|Sleeping Mat|Down Sleeping Bag|Gas Stove|Titanium Pot|Spork|"
    "Camping Lantern|Tent Pegs|Folding Chair|Tarp|Mosquito Net|Fire Steel",
    "garden": "Tomato Seeds|Basil Seeds|Pruning Shears|Watering Can|Raised Bed|Compost Bin|"
    "Garden Gloves|Bird Feeder|Rain Gauge|Lavender Plant|Hose Reel|Seed Trays",
    "cats": "Scratching Post|Catnip Mouse|Feather Wand|Cat Tree|Salmon Treats|Grooming Brush|"
    "Window Hammock|Litter Scoop|Water Fountain|Cat Carrier|Laser Pointer|Sisal Mat",
    "music": "Guitar Strings|Capo|Digital Tuner|Plectrum Set|Guitar Stand|Metronome|Ukulele|"
    "Harmonica in C|Kalimba|Songbook Folk|Songbook Jazz|Guitar Strap",
    "drawing": "Sketchbook A4|Graphite Set|Watercolor Box|Brush Pens|Kneaded Eraser|Fineliners|"
    "Ink Bottle|Dip Pen|Easel|Masking Tape|Gouache Set|Charcoal Sticks",
    "puzzles": "1000-Piece Puzzle Sea|1000-Piece Puzzle Alps|Wooden Cube|Chess Set|Go Board|"
    "Mahjong Tiles|Playing Cards|Sudoku Book|Crossword Book|Puzzle Mat|Dice Set|Tangram",
}
GO_TOGETHER = ({"hiking", "camping"}, {"tea", "baking"}, {"coffee", "baking"}, {"drawing", "music"})
CUSTOMERS = 700
DAYS = 181
START = datetime(2026, 1, 1)


def main() -> None:
    rng = random.Random(20260101)

    def pick(weights):
        """An index, with a chance in proportion to its weight."""
        at = rng.random() * sum(weights)
        for index, weight in enumerate(weights):
            at -= weight
            if at < 0:
                return index
        return len(weights) - 1

    names = list(CATALOGUE)
    products = {c: CATALOGUE[c].split("|") for c in names}
    appeal = {c: [1.0 / (1 + i) ** 0.6 for i in range(len(products[c]))] for c in names}
    for c in names:  # what comes first in the list above need not be liked best
        order = sorted(range(len(appeal[c])), key=lambda _: rng.random())
        appeal[c] = [appeal[c][i] for i in order]

    rows = []
    for customer in range(1, CUSTOMERS + 1):
        likes = [0.02] * len(names)
        first = pick([1.0] * len(names))
        likes[first] += 1.0
        for pair in GO_TOGETHER:
            if names[first] in pair and rng.random() < 0.5:
                likes[names.index((pair - {names[first]}).pop())] += 0.6
        if rng.random() < 0.3:
            likes[pick([1.0] * len(names))] += 0.5
        bought = set()
        for _ in range(1 + int(-math.log(1 - rng.random()) * 2.5)):  # visits
            when = START + timedelta(seconds=int(rng.random() * DAYS * 86400))
            category = pick(likes)
            for _ in range(1 + int(rng.random() * 4)):
                if rng.random() < 0.2:
                    category = pick(likes)
                c = names[category]
                weights = [
                    a if p not in bought else 0.05 * a for a, p in zip(appeal[c], products[c])
                ]
                product = products[c][pick(weights)]
                when += timedelta(seconds=20 + int(rng.random() * 200))
                steps = ["view"]
                if rng.random() < 0.08:
                    steps.append("favorite")
                if rng.random() < 0.4:
                    steps.append("cart")
                    if rng.random() < 0.7:
                        steps.append("order")
                        bought.add(product)
                for step in steps:
                    rows.append((when, f"C{customer:04d}", step, product, c))
                    when += timedelta(seconds=5 + int(rng.random() * 60))
    rows.sort()
    out = sys.stdout
    out.write("time,customer,event,product,category\n")
    for when, *rest in rows:
        out.write(f"{when:%Y-%m-%d %H:%M:%S},{','.join(rest)}\n")


if __name__ == "__main__":
    main()
