"""The least that the ETL can be in PySpark: one job over the raw CSV files, with the same sums. Arguments: raw folder, target folder."""

import sys

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

SCHEMA = (
    "step INT, type STRING, amount DOUBLE, nameOrig STRING, oldbalanceOrg DOUBLE, newbalanceOrig DOUBLE, "
    "nameDest STRING, oldbalanceDest DOUBLE, newbalanceDest DOUBLE, isFraud INT, isFlaggedFraud INT"
)
MONEY = ["amount", "oldbalanceOrg", "newbalanceOrig", "oldbalanceDest", "newbalanceDest"]

raw, target = sys.argv[1:]
spark = SparkSession.builder.appName("bare").getOrCreate()
rows = spark.read.csv(f"file://{raw}", schema=SCHEMA, header=True).where(F.col("type").isin("TRANSFER", "CASH_OUT"))
sums = [F.sum(name).alias(f"sum_{name}") for name in MONEY]
table = rows.groupBy("nameOrig").agg(*sums, F.sum("isFraud").alias("sum_isFraud"), F.count(F.lit(1)).alias("rows"))
table.write.csv(f"file://{target}", header=True)
spark.stop()
