#!/bin/sh
# Makes all reference figures again: some minutes on two cores. Needs python3 and numpy.
cd "$(dirname "$0")" || exit 1
for model in wealth schelling flocking circles wolf_sheep sir forest_fire sugarscape pphpc; do
    python3 "$model.py" || exit 1
done
