"""Writes written.json and read.json, the states that TensorFlow writes to state files and reads from them: python
golden.py [DIR]. Doubles are in hexadecimal, which is exact.
"""
import json
import os
import pathlib
import sys
import tempfile

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
from google.protobuf import text_format
from tensorflow.python.checkpoint import checkpoint_management
from tensorflow.python.training.checkpoint_state_pb2 import CheckpointState

OUT = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.abspath(__file__)))


def fields(state):
    return {"latest": state.model_checkpoint_path, "all": list(state.all_model_checkpoint_paths),
            "timestamps": [t.hex() for t in state.all_model_checkpoint_timestamps],
            "last": state.last_preserved_timestamp.hex()}


# update_checkpoint_state wrote these. They are read back from the disk.
WRITTEN = [
    dict(path="ckpt-3", all=["ckpt-2", "ckpt-3"]),
    dict(path="ckpt-3", all=["ckpt-2", "ckpt-3"], times=[1795385952.4364872, 1795385952.4478655], last=1795385951.3869834),
    dict(path='it\'s "x"\\y', all=['it\'s "x"\\y']),
    dict(path="".join(map(chr, range(1, 128))), all=[]),
    dict(path="ä ☃ 😀\u0080\u00a0\u2028", all=["/abs/path", "", "b"]),
    dict(path="numbers", all=["x"] * 25 + ["numbers"], last=-0.5, times=[
        0.0, 1.0, -1.0, 10000.0, 1500000000.0, 0.1, 1e-4, 9.999e-5, 1e-5, 123456789012345.6, 1e15, 9999999999999998.0,
        1e16, 1.5e16, 1e17, 1.7976931348623157e308, 5e-324, 2.5e-10, 1e100, 1 / 3, 2 / 3 * 1e16, -1e16, 4.0e7, 1e22,
        float("inf"), float("-inf")]),
    dict(path="zero", all=["zero"], times=[float("nan")], last=0.0),
]
written = []
for case in WRITTEN:
    with tempfile.TemporaryDirectory() as directory:
        checkpoint_management.update_checkpoint_state_internal(
            directory, case["path"], list(case["all"]), all_model_checkpoint_timestamps=case.get("times"),
            last_preserved_timestamp=case.get("last"))
        text = pathlib.Path(directory, "checkpoint").read_bytes().decode()
    state = CheckpointState()
    text_format.Merge(text, state)
    written.append({"text": text, **fields(state)})
(OUT / "written.json").write_text(json.dumps(written, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")

P, T, L = "model_checkpoint_path", "all_model_checkpoint_timestamps", "last_preserved_timestamp"
A = 'model_checkpoint_path: "a"'
READ = {
    "empty": "", "space": " \n\t\r\n ", "comment only": "# x", "latest empty": f'{P}: ""', "only all": 'all_model_checkpoint_paths: "a"',
    "plain": A, "no newline, no space": f'{P}:"a"all_model_checkpoint_paths:"b"', "crlf": A + "\r\n" + f'{T}: 1\r\n',
    "last of two": A + f'\n{P}: "b"', "last of two numbers": A + f"{L}: 1 {L}: 2", "lists add up": A + f" {T}: 1 {T}: [2, 3] {T}: 4",
    "semicolons": A + ';all_model_checkpoint_paths: "b";', "commas": A + ', all_model_checkpoint_paths: "b",',
    "two commas": A + ",, " + A, "comma first": ", " + A, "list": 'all_model_checkpoint_paths: [ "b" , "c"\n] ' + A,
    "empty list": A + " all_model_checkpoint_paths: []", "list with a comma at the end": A + ' all_model_checkpoint_paths: ["b",]',
    "list without commas": A + ' all_model_checkpoint_paths: ["b" "c"]', "list without an end": A + f" {T}: [1",
    "brackets of one": f'{P}: ["a"]', "comments": "# head\n" + A + "# tail\n#end", "comment in between": f'{P} # x\n : # y\n "a"',
    "two slashes": "// x\n" + A, "single quotes": f"{P}: 'a\"b'", "mixed quotes": f"{P}: 'a\"",
    "several pieces": f'{P}:\n\n "a"\n \'b\' # x\n "c"\n', "no colon": f'{P} "a"', "no value": f"{P}: ", "no field": ': "a"',
    "word": f"{P}: a", "number for text": f"{P}: 3", "text for number": A + f' {L}: "1"', "upper case": 'Model_checkpoint_path: "a"',
    "unknown field": A + " future_field: 3", "message": A + " { }", "brace": A + "}", "angle": A + " <", "extension": '[foo.bar]: 1 ' + A,
    "field number": '1: "a"', "garbage": "this is not a proto {", "no end": f'{P}: "a', "end on the next line": f'{P}: "a\n"',
    "backslash at the end of a line": f'{P}: "a\\\n"', "backslash at the end": f'{P}: "a\\', "byte order mark": "\ufeff" + A,
    "vertical space": "\x0b" + A + "\x0c", "no-break space": "\u00a0" + A, "nul": A + "\0", "nul in a string": f'{P}: "a\0b"',
    "carriage return in a string": f'{P}: "a\rb"', "letters": f'{P}: "\\a\\b\\f\\n\\r\\t\\v\\\\\\\'\\""', "question mark": f'{P}: "\\?"',
    "unknown letter": f'{P}: "C:\\quux\\s"', "capital X": f'{P}: "\\X41"', "octal": f'{P}: "\\1\\12\\123\\1234\\08"',
    "octal utf-8": f'{P}: "\\303\\251"', "octal not utf-8": f'{P}: "\\303"', "octal too large": f'{P}: "\\400"',
    "hex": f'{P}: "\\x1\\x4a\\x4Ab\\x5g"', "hex without digits": f'{P}: "\\xg"', "hex not utf-8": f'{P}: "\\xff"',
    "unicode": f'{P}: "\\u00e9\\U0001F600"', "unicode too short": f'{P}: "\\u00e"', "unicode too large": f'{P}: "\\U00110000"',
    "surrogate": f'{P}: "\\ud83d"', "surrogates": f'{P}: "\\ud83d\\ude00"', "raw utf-8": f'{P}: "é ☃"', "escaped escape": f'{P}: "\\\\u0041"',
}
for i, number in enumerate(["1", "1.5", ".5", "1.", "2e3", "2E-3", "+1", "-1.5", "- 1", "3f", "4.5F", "1ff", "inf", "-inf", "Infinity", "INF",
                            "inff", "nan", "NaN", "-nan", "0", "00", "010", "0.5", "-01", "0x10", "0x1p3", "1e400", "-1e400", "1e-400", "1.5.5", "1e",
                            "true", "f", "-", "1-2", "12345678901234567890123", "1 2", "0f", "+-1", "1,5"]):
    READ["number " + number] = A + f" {L}: {number}"
read = []
for name, text in READ.items():
    state = CheckpointState()
    try:
        text_format.Merge(text, state)
        result = fields(state)
    except text_format.ParseError:
        result = {"error": True}
    read.append({"name": name, "text": text, **result})
(OUT / "read.json").write_text(json.dumps(read, indent=1) + "\n", encoding="utf-8")
