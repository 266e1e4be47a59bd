# Runs a stage's program on executors in Kubernetes: sh run.sh PROGRAM IN OUT. Their pods do not see this worker's /pfs, so the data
# goes through a folder that all of them see.
set -eu
program=$1
in=$2
out=$3
folder=$SCRATCH/$PPS_PIPELINE_NAME-$PACH_JOB_ID-${PACH_DATUM_ID:-all}
trap 'rm -rf "$folder"' EXIT
rm -rf "$folder"
mkdir -p "$folder/in"
cp -rL "$in/." "$folder/in/"
spark-submit --master "$SPARK_MASTER" --deploy-mode client --name "$PPS_PIPELINE_NAME" \
  --conf "spark.kubernetes.namespace=$PACH_NAMESPACE" \
  --conf "spark.kubernetes.container.image=$SPARK_IMAGE" \
  --conf "spark.kubernetes.driver.pod.name=$PPS_POD_NAME" \
  --conf "spark.kubernetes.authenticate.executor.serviceAccountName=spark-executor" \
  --conf "spark.kubernetes.executor.podTemplateFile=$TEMPLATES/executor.yaml" \
  --conf "spark.kubernetes.executor.podTemplateContainerName=executor" \
  --conf spark.kubernetes.executor.disableConfigMap=true --conf spark.kubernetes.driver.service.deleteOnTermination=false \
  --conf spark.kubernetes.driver.ownPersistentVolumeClaim=false --conf spark.kubernetes.driver.reusePersistentVolumeClaim=false \
  --conf "spark.driver.host=$PPS_WORKER_IP" --conf spark.driver.bindAddress=0.0.0.0 \
  --conf spark.driver.port=7078 --conf spark.driver.blockManager.port=7079 --conf spark.blockManager.port=7079 \
  --conf "spark.executor.instances=$EXECUTORS" \
  --conf "spark.executor.cores=$EXECUTOR_CORES" --conf "spark.kubernetes.executor.limit.cores=$EXECUTOR_CORES" \
  --conf "spark.executor.memory=$EXECUTOR_MEMORY" \
  --conf "spark.sql.shuffle.partitions=$((EXECUTORS * EXECUTOR_CORES))" \
  "$program" --in "$folder/in" --out "$folder/out"
mkdir -p "$out"
cp -r "$folder/out/." "$out/"
