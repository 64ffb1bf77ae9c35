"""Makes speech with espeak-ng, and writes PyTorch's outputs for it, computed in float64. In float32, PyTorch's outputs differ by
up to 2e-6.

    apt-get install espeak-ng; pip install torch numpy safetensors silero-vad==6.2.3
    python testdata/vad/gen.py [weights [directory [seconds]]]

Without arguments it writes speech.wav (4 s) and answers.json next to itself. For a minute, as in examples/vad -data,
run gen.py WEIGHTS DIRECTORY 60.
"""

import json
import pathlib
import subprocess
import sys
import wave

import numpy as np
import torch
from safetensors.torch import load_file

here = pathlib.Path(__file__).parent
weights = sys.argv[1] if len(sys.argv) > 1 else None
directory = pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else here
seconds = float(sys.argv[3]) if len(sys.argv) > 3 else 4.0
if weights is None:
    import silero_vad

    weights = pathlib.Path(silero_vad.__file__).parent / "data" / "silero_vad_16k.safetensors"

TEXT = "Checkpoints hold what a model has learned. . . . . . A voice detector says when somebody speaks. . . . . . . . Silence is not speech. "


def speak(text):
    raw = subprocess.run(["espeak-ng", "--stdout", "-v", "en", text], check=True, capture_output=True).stdout
    # espeak-ng's 22,050 Hz, read every 1.378th sample with linear interpolation.
    samples = np.frombuffer(raw[44:], "<i2").astype(np.float64)
    at = np.arange(int(len(samples) * 16000 / 22050)) * 22050 / 16000
    return np.interp(at, np.arange(len(samples)), samples)


silence = np.random.default_rng(0).normal(0, 20, 8000)
parts = [silence]
while sum(map(len, parts)) < seconds * 16000:
    parts += [speak(TEXT), silence]
samples = np.concatenate(parts)[: int(seconds * 16000)].round().astype("<i2")
with wave.open(str(directory / "speech.wav"), "wb") as f:
    f.setnchannels(1)
    f.setsampwidth(2)
    f.setframerate(16000)
    f.writeframes(samples.tobytes())

w = {k: v.double() for k, v in load_file(str(weights)).items()}
lstm = torch.nn.LSTMCell(128, 128).double()
lstm.load_state_dict({k.removeprefix("lstm_cell."): v for k, v in w.items() if k.startswith("lstm_cell.")})
F = torch.nn.functional
audio = torch.from_numpy(samples.astype(np.float64) / 32768)
audio = F.pad(audio, (64, -len(audio) % 512))
state, answers = None, []
with torch.no_grad():
    for i in range(64, len(audio), 512):
        x = F.pad(audio[None, None, i - 64 : i + 512], (0, 64), mode="reflect")
        x = F.conv1d(x, w["stft_conv.weight"], stride=128)
        x = (x[:, :129] ** 2 + x[:, 129:] ** 2).sqrt()
        for n, stride in (("1", 1), ("2", 2), ("3", 2), ("4", 1)):
            x = F.relu(F.conv1d(x, w[f"conv{n}.weight"], w[f"conv{n}.bias"], stride=stride, padding=1))
        state = lstm(x.squeeze(-1), state)
        x = F.conv1d(F.relu(state[0]).unsqueeze(-1), w["final_conv.weight"], w["final_conv.bias"])
        answers.append(round(float(torch.sigmoid(x)), 9))
(directory / "answers.json").write_text(json.dumps(answers) + "\n")
