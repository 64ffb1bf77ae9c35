"""Spectrograms: STFTSpectrogram and MelSpectrogram."""

import keras

L = keras.layers


def cases(g):
    x = g.input("signals", 2, 40, 2)
    for mode in ("log", "magnitude", "psd", "real", "imag", "angle", "stft"):
        g.layer(mode, L.STFTSpectrogram(mode=mode, frame_length=8, frame_step=3, fft_length=8), x)
    g.layer("defaults of the step", L.STFTSpectrogram(frame_length=8, padding="same"), x)
    g.layer("expanded", L.STFTSpectrogram(mode="magnitude", frame_length=6, expand_dims=True), x)

    x = g.input("sound", 2, 300)
    for name, options in {
        "decibels": {},
        "powers": {"power_to_db": False},
        "magnitudes": {"power_to_db": False, "mag_exp": 1.0},
        "Hamming": {"window": "hamming"},
        "no window": {"window": None},
        "a short window": {"sequence_length": 24},
        "little range": {"top_db": 10.0, "ref_power": 3.0, "min_power": 0.1},
        "other frequencies": {"sampling_rate": 8000, "min_freq": 300.0, "max_freq": 2000.0},
        "frames of another length": {"fft_length": 50, "sequence_stride": 25},
        "an odd length": {"fft_length": 33},
    }.items():
        g.layer(name, L.MelSpectrogram(**({"fft_length": 32, "sequence_stride": 20, "num_mel_bins": 7} | options)), x)
    g.layer("one signal", L.MelSpectrogram(fft_length=32, sequence_stride=20, num_mel_bins=7), x[0])
