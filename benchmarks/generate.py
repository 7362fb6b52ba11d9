"""Writes training logs of any size, the same by the same seed: `generate.py KIND MEGABYTES FILE [SEED]`.

The lines follow the programs that print them: detectron2 0.6 (`CommonMetricPrinter` in log.txt, evaluations of COCO),
AlexeyAB's Darknet (a YOLOv4 training with `-map`), and what stands around a training without a value in it (pip, NCCL,
launchers, warnings). A log that is longer than one training holds several, as appended logs do.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Final

PERIOD: Final = 20
"""Iterations between two metric lines: `PeriodicWriter` of detectron2/engine/hooks.py."""
EVALUATION: Final = 5000
"""Iterations between two checkpoints and evaluations: `CHECKPOINT_PERIOD` of detectron2/config/defaults.py."""
LAYERS: Final = (139, 150, 161)
"""The detection layers of yolov4.cfg."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Some lines that a program prints in one go."""

    text: str
    """Each line with its LF."""
    valued: int = 0
    """How many of them hold at least one value."""
    iteration: int | None = None
    """What they say that is done."""
    starts: bool = False
    """Whether a training begins here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What a written log holds."""

    bytes: int
    lines: int
    valued: int
    """Lines that hold at least one value."""
    iteration: int | None
    """The last one."""
    restarts: int
    """Trainings after the first."""


def write(path: Path, blocks: Iterator[Block], size: int) -> Written:
    """Writes whole blocks until the file has at least `size` bytes."""
    written = lines = valued = starts = 0
    iteration = None
    with path.open("w", encoding="utf-8") as file:
        for block in blocks:
            written += file.write(block.text)
            lines += block.text.count("\n")
            valued += block.valued
            starts += block.starts
            iteration = iteration if block.iteration is None else block.iteration
            if written >= size:
                break
    return Written(
        bytes=path.stat().st_size, lines=lines, valued=valued, iteration=iteration, restarts=max(0, starts - 1)
    )


def detectron2(random: Random) -> Iterator[Block]:
    """A `log.txt` of Mask R-CNN trainings, one after another, each to its end."""
    now = 0.0
    while True:
        plan, seconds, rate = random.choice((90_000, 270_000)), random.uniform(0.25, 0.85), random.choice((0.02, 0.001))
        memory = random.randint(2500, 11000)
        yield _begin(now, plan)
        for iteration in range(PERIOD - 1, plan, PERIOD):
            now += seconds * PERIOD
            memory += random.random() < 0.002  # noqa: PLR2004 - a rare larger batch
            eta = (plan - 1 - iteration) * seconds
            losses = _losses(random, iteration)
            times = [abs(random.gauss(mean, mean / 20)) for mean in (seconds, seconds, 0.012, 0.009)]
            warm = rate * min(1.0, (iteration + 1) / 1000)
            yield Block(text=_metric(now, eta, iteration, losses, times, warm, memory), valued=1, iteration=iteration)
            if (iteration + 1) % EVALUATION == 0:
                yield _evaluate(random, now, iteration)
        hooks = _logger(now, "d2.engine.hooks")
        speed = f"Overall training speed: {plan - 3} iterations in {_duration(plan * seconds)} ({seconds:.4f} s / it)"
        total = f"Total training time: {_duration(plan * seconds)} (0:21:33 on hooks)"
        yield Block(text=f"{hooks}{speed}\n{hooks}{total}\n")


def _begin(now: float, plan: int) -> Block:
    text = (
        f"{_logger(now, 'detectron2')}Rank of current process: 0. World size: 8\n"
        f"{_logger(now, 'detectron2')}Running with full config:\n"
        f"SOLVER:\n  BASE_LR: 0.02\n  CHECKPOINT_PERIOD: 5000\n  IMS_PER_BATCH: 16\n  MAX_ITER: {plan}\n"
        f"{_logger(now, 'd2.data.build')}Removed 1021 images with no usable annotations. 117266 images left.\n"
        f"{_logger(now, 'd2.engine.train_loop')}Starting training from iteration 0\n"
    )
    return Block(text=text, starts=True)


def _losses(random: Random, iteration: int) -> list[float]:
    left = 1 / (1 + iteration / 3000)
    levels = (0.25 + 3.3 * left, 0.28 + 0.5 * left, 0.27 + 0.42 * left, 0.03 + 0.2 * left, 0.035 + 0.06 * left)
    return [abs(random.gauss(level, level / 8)) for level in levels]


def _metric(
    now: float, eta: float, iteration: int, losses: list[float], times: list[float], rate: float, memory: int
) -> str:
    names = ("loss_cls", "loss_box_reg", "loss_mask", "loss_rpn_cls", "loss_rpn_loc")
    each = "  ".join(f"{name}: {loss:.4g}" for name, loss in zip(names, losses, strict=True))
    kinds = ("time", "last_time", "data_time", "last_data_time")
    took = "  ".join(f"{kind}: {seconds:.4f}" for kind, seconds in zip(kinds, times, strict=True))
    return (
        f"{_logger(now, 'd2.utils.events')} eta: {_duration(eta)}  iter: {iteration}  total_loss: {sum(losses):.4g}  "
        f"{each}    {took}   lr: {rate:.5g}  max_mem: {memory}M\n"
    )


def _evaluate(random: Random, now: float, iteration: int) -> Block:
    checkpoint, evaluator, testing = (
        _logger(now, name) for name in ("fvcore.common.checkpoint", "d2.evaluation.evaluator", "d2.evaluation.testing")
    )
    lines = [f"{checkpoint}Saving checkpoint to ./output/model_{iteration:07d}.pth"]
    lines += [
        f"{evaluator}Inference done {done}/5000. Dataloading: 0.0012 s/iter. Inference: 0.0567 s/iter. "
        f"Eval: 0.0231 s/iter. Total: 0.0810 s/iter. ETA={_duration((5000 - done) * 0.081)}"
        for done in range(11, 5000, 250)
    ]
    for task in ("bbox", "segm"):
        scores = ",".join(f"{random.uniform(5, 60):.4f}" for _ in range(6))
        lines += [
            f"{_logger(now, 'd2.evaluation.coco_evaluation')}Evaluation results for {task}:",
            "|   AP   |  AP50  |  AP75  |  APs   |  APm   |  APl   |",
            "|:------:|:------:|:------:|:------:|:------:|:------:|",
            "| " + " | ".join(scores.split(",")) + " |",
            f"{testing}copypaste: Task: {task}",
            f"{testing}copypaste: AP,AP50,AP75,APs,APm,APl",
            f"{testing}copypaste: {scores}",
        ]
    return Block(text="\n".join(lines) + "\n", valued=2)


def darknet(random: Random) -> Iterator[Block]:
    """The output of `darknet detector train … -map`, YOLOv4: a line per layer and subdivision, then the iteration's."""
    while True:
        subdivisions, plan, average, images, boxes = random.choice((16, 32, 64)), 6000, 1500.0, 0, 0
        yield Block(text="Learning Rate: 0.001, Momentum: 0.949, Decay: 0.0005\n", starts=True)
        for iteration in range(1, plan + 1):
            left = 1 / (1 + iteration / 300)
            lines = []
            for _ in range(subdivisions):
                lines += [_region(random, layer, left) for layer in LAYERS]
                boxes += random.randrange(1, 9)
                lines.append(f" total_bbox = {boxes}, rewritten_bbox = {random.uniform(0, 0.1):.6f} % ")
            loss = abs(0.8 + 1500 * left + random.gauss(0, 0.2))
            average, images = average * 0.9 + loss * 0.1, images + 64
            lines += [
                "",
                f" (next mAP calculation at {(iteration // 1000 + 1) * 1000} iterations) ",
                (
                    f" {iteration}: {loss:.6f}, {average:.6f} avg loss, {0.001 * min(1.0, iteration / 1000):.6f} rate, "
                    f"{random.uniform(2, 4):.6f} seconds, {images} images, {(plan - iteration) / 1200:.6f} hours left"
                ),
                f"Loaded: {random.uniform(0, 0.0001):.6f} seconds",
            ]
            yield Block(text="\n".join(lines) + "\n", valued=subdivisions * len(LAYERS) + 1, iteration=iteration)
            if iteration % 1000 == 0:
                yield _mean_ap(random, iteration)


def _region(random: Random, layer: int, left: float) -> str:
    """One detection layer; Darknet prints a count of 1 and an IoU of 0 where there was no object."""
    count = random.randrange(10)
    iou = (0.45 + 0.45 * (1 - left) * random.random()) if count else 0.0
    by_class, by_box = abs(random.gauss(0.4 + 200 * left, 0.3)), abs(random.gauss(0.8, 0.7)) if count else 0.0
    return (
        f"v3 (iou loss, Normalizer: (iou: 0.07, obj: 1.00, cls: 1.00) Region {layer} Avg (IOU: {iou:.6f}), "
        f"count: {max(1, count)}, class_loss = {by_class:.6f}, iou_loss = {by_box:.6f}, "
        f"total_loss = {by_class + by_box:.6f} "
    )


def _mean_ap(random: Random, iteration: int) -> Block:
    score = random.random()
    lines = [
        " Resizing to initial size: 416 x 416  try to allocate additional workspace_size = 52.43 MB ",
        " CUDA allocate done! ",
        " calculation mAP (mean average precision)...",
        f" detections_count = {random.randrange(90_000)}, unique_truth_count = 2310  ",
        *(
            f"class_id = {index}, name = {name}, ap = {random.uniform(0, 100):.2f}%   \t (TP = 812, FP = 231) "
            for index, name in enumerate(("person", "bicycle", "car"))
        ),
        f" for conf_thresh = 0.25, precision = {random.random():.2f}, recall = {random.random():.2f}, F1-score = 0.61 ",
        " for conf_thresh = 0.25, TP = 1411, FP = 689, FN = 899, average IoU = 51.43 % ",
        f" mean average precision (mAP@0.50) = {score:.6f}, or {100 * score:.2f} % ",
        f"Saving weights to backup//yolov4_{iteration}.weights",
    ]
    return Block(text="\n".join(lines) + "\n", valued=6)


def noise(random: Random) -> Iterator[Block]:
    """What stands around a training: no line of it holds a value, one in six has the prefix of Detectron2's logger."""
    now = 0.0
    yield Block(text=f"{_logger(now, 'detectron2')}Rank of current process: 0. World size: 8\n")
    while True:
        now += random.uniform(0, 3)
        rank, count = random.randrange(64), random.randrange(100_000)
        yield Block(text=random.choice(_NOISE)(_logger(now, "d2.data.common"), rank, count))


_NOISE: Final[tuple[Callable[[str, int, int], str], ...]] = (
    lambda logger, _, count: f"{logger}Serializing {count} elements to byte tensors and concatenating them all ...\n",
    lambda logger, _, count: f"{logger}Serialized dataset takes {count / 100:.2f} MiB\n",
    lambda _, rank, count: f"node-{rank}:{count}:{count} [0] NCCL INFO Channel 00/02 :    0   1   2   3\n",
    lambda _, rank, count: f"node-{rank}:{count}:{count} [0] NCCL INFO Trees [0] 1/-1/-1->0->-1 [1] -1/-1->0->1\n",
    lambda _, rank, count: f"node-{rank}:{count}:{count} [0] NCCL INFO comm 0x55d0 rank {rank} nranks 64 - Init\n",
    lambda _, rank, __: f"Requirement already satisfied: numpy>=1.{rank} in /usr/lib/python3/dist-packages\n",
    lambda _, __, count: f"Collecting torch==1.13.{count}+cu117\n",
    lambda _, __, count: (
        f"/opt/conda/lib/python3.8/site-packages/torch/functional.py:{count}: UserWarning: torch.meshgrid: "
        "in an upcoming release, it will be required to pass the indexing argument.\n"
        "  return _VF.meshgrid(tensors, **kwargs)  # type: ignore[attr-defined]\n"
    ),
    lambda _, rank, count: f"{{'loader': 'dataloader', 'num_workers': {rank}, 'pin_memory': True, 'seed': {count}}}\n",
    lambda _, rank, count: f"    ({rank}): Conv2d({count}, 256, kernel_size=(3, 3), stride=(1, 1), bias=False)\n",
    lambda _, rank, __: f"| proposals_{rank:<5} | 128          |    otter    | 74           |\n",
    lambda _, __, ___: "-" * 60 + "\n\n",
)


def _logger(now: float, name: str) -> str:
    """The prefix of log.txt, from 21 September on; a month has 28 days."""
    minutes, second = divmod(int(now), 60)
    hours, minute = divmod(minutes, 60)
    days, hour = divmod(hours, 24)
    months, day = divmod(20 + days, 28)
    return f"[{(8 + months) % 12 + 1:02d}/{day + 1:02d} {hour:02d}:{minute:02d}:{second:02d}] {name} INFO: "


def _duration(seconds: float) -> str:
    """As `str(datetime.timedelta)` writes whole seconds."""
    minutes, second = divmod(int(seconds), 60)
    hours, minute = divmod(minutes, 60)
    days, hour = divmod(hours, 24)
    return (f"{days} day{'s' * (days > 1)}, " if days else "") + f"{hour}:{minute:02d}:{second:02d}"


KINDS: Final[dict[str, Callable[[Random], Iterator[Block]]]] = {
    "detectron2": detectron2,
    "darknet": darknet,
    "noise": noise,
}


def generate(kind: str, path: Path, size: int, seed: int = 1) -> Written:
    """Writes a log of that kind with at least `size` bytes."""
    return write(path, KINDS[kind](Random(seed)), size)  # noqa: S311 - not for secrets


if __name__ == "__main__":
    kind, megabytes, target, *seeds = sys.argv[1:]
    print(generate(kind, Path(target), int(float(megabytes) * 1e6), *map(int, seeds)))
