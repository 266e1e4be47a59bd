"""Fits sold = intercept + slope * temperature to the days of all files: fit.py FOLDER MODEL"""

import csv
import glob
import json
import sys

folder, model = sys.argv[1:]
days = []
for path in sorted(glob.glob(f"{folder}/*.csv")):
    with open(path, newline="") as file:
        days += [(float(row["temperature"]), float(row["sold"])) for row in csv.DictReader(file)]

mean_x = sum(x for x, _ in days) / len(days)
mean_y = sum(y for _, y in days) / len(days)
slope = sum((x - mean_x) * (y - mean_y) for x, y in days) / sum((x - mean_x) ** 2 for x, _ in days)
intercept = mean_y - slope * mean_x
error = sum((intercept + slope * x - y) ** 2 for x, y in days) / len(days)

with open(model, "w") as file:
    json.dump({"slope": slope, "intercept": intercept}, file)
