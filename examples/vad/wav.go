package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
)

// readWAV returns the samples of a WAV file of 16-bit integers, one channel, 16 kHz, as numbers from -1 to 1.
func readWAV(path string) ([]float32, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	samples, err := parseWAV(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return samples, nil
}

func parseWAV(data []byte) ([]float32, error) {
	little := binary.LittleEndian
	if len(data) < 12 || string(data[:4]) != "RIFF" || string(data[8:12]) != "WAVE" {
		return nil, errors.New("not a WAV file")
	}
	described := false
	for rest := data[12:]; len(rest) >= 8; {
		name, size := string(rest[:4]), int(little.Uint32(rest[4:]))
		body := rest[8:min(8+size, len(rest))] // a stopped recorder may leave a size that is too large
		switch {
		case name == "fmt " && len(body) >= 16:
			format, channels, rate, bits := little.Uint16(body), little.Uint16(body[2:]), little.Uint32(body[4:]), little.Uint16(body[14:])
			if format != 1 || channels != 1 || rate != sampleRate || bits != 16 {
				return nil, fmt.Errorf("got format %d, %d channels, %d Hz, %d bits: expected 16-bit integers, 1 channel, %d Hz", format, channels, rate, bits, sampleRate)
			}
			described = true
		case name == "data" && described:
			samples := make([]float32, len(body)/2)
			for i := range samples {
				samples[i] = float32(int16(little.Uint16(body[2*i:]))) / 32768
			}
			return samples, nil
		}
		rest = rest[min(8+size+size%2, len(rest)):]
	}
	return nil, errors.New("the WAV file does not hold any samples")
}
