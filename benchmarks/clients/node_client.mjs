// `@gradio/client` of npm on Node, as its documentation shows it. The same works and the same
// line of JSON as harness.py; GRADIO_CLIENT names the installed package's folder.
// It sends files as part of a prediction only, and fetches none.

import { closeSync, ftruncateSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";

const SHORT = 0.005;
const LONG = 2.0;
const MB = 1 << 20;
const ROW_BYTES = 45;

const entry = join(process.env.GRADIO_CLIENT, "dist", "index.js");
const { Client, handle_file } = await import(pathToFileURL(entry).href);
const [url, work] = process.argv.slice(2, 4);
const [count, inFlight, size] = process.argv.slice(4).map(Number);
const folder = mkdtempSync(join(tmpdir(), "bench-"));
process.on("exit", () => rmSync(folder, { recursive: true }));
let client;
let firstEvent;

const cpu = () => {
	const { user, system } = process.cpuUsage();
	return (user + system) / 1e6;
};

const status = (key) => {
	try {
		const text = readFileSync("/proc/self/status", "utf8");
		return Number(text.match(new RegExp(`^${key}:\\s+(\\d+)`, "m"))[1]);
	} catch {
		return 0;
	}
};

const check = (good, what) => {
	if (!good) throw new Error(what);
};

const percentile = (seconds, part) =>
	[...seconds].sort((a, b) => a - b)[Math.floor(seconds.length * part)];

async function predict(endpoint, text, ...rest) {
	const { data } = await client.predict(endpoint, [text, ...rest]);
	check(data[0] === text, `wrong answer ${data[0]}`);
}

async function inTurn(size) {
	const seconds = [];
	for (let i = 0; i < size; i++) {
		const before = performance.now();
		await predict("/echo", `hello ${i}`);
		seconds.push((performance.now() - before) / 1000);
	}
	if (size > 1) return { p50: percentile(seconds, 0.5), p99: percentile(seconds, 0.99) };
}

async function many(size) {
	let next = 0;
	const worker = async () => {
		while (next < size) await predict("/wait", `hello ${next++}`, SHORT);
	};
	await Promise.all(Array.from({ length: inFlight }, worker));
}

// Looks at the whole value of each step; the last one comes back.
async function steps(endpoint, ...data) {
	let seen = 0;
	let last;
	for await (const event of client.submit(endpoint, data)) {
		if (event.type !== "data") continue;
		firstEvent ??= performance.now();
		seen += 1;
		last = event.data[0];
	}
	check(seen >= data[0], `${seen} of ${data[0]} messages seen`);
	return last;
}

async function stream(count) {
	await steps(`/${work}`, count);
}

async function grow(count, size) {
	const text = await steps("/grow", count, size);
	check(text.length === Math.floor(size / count) * count, `${text.length} characters`);
}

async function jobs(size, seconds) {
	const running = Array.from({ length: size }, (_, i) => predict("/wait", `hello ${i}`, seconds));
	await sleep((seconds * 1000) / 2);
	const threads = status("Threads");
	await Promise.all(running);
	return { threads };
}

async function blobs(count, size) {
	for (let i = 0; i < count; i++) {
		const { data } = await client.predict("/blob", [size]);
		check(data[0].data.length === Math.floor(size / ROW_BYTES), "wrong table");
	}
}

function zeros(count, size) {
	return Array.from({ length: count }, (_, i) => {
		const path = join(folder, `${i}.bin`);
		const file = openSync(path, "w");
		ftruncateSync(file, size);
		closeSync(file);
		return path;
	});
}

async function upload(path) {
	const { data } = await client.predict("/keep", [handle_file(path)]);
	check(data[0].path === "/zeros/1", `wrong file ${data[0].path}`);
}

async function files(paths) {
	const { data } = await client.predict("/echo", [paths.map((path) => handle_file(path))]);
	check(data[0].length === paths.length, "files are missing");
	check(data[0].every((file) => file.path === "/zeros/1"), "a file was not sent");
}

// What is done, ready to start: making the files does not count.
function prepare(count, size, seconds) {
	switch (work) {
		case "tokens":
		case "chat":
			return () => stream(count);
		case "grow":
			return () => grow(count, size);
		case "blob":
			return () => blobs(count, size);
		case "jobs":
			return () => jobs(count, seconds);
		case "upload": {
			const [path] = zeros(1, count * MB);
			return () => upload(path);
		}
		case "files": {
			const paths = zeros(count, 1024);
			return () => files(paths);
		}
		default:
			return () => (inFlight > 1 ? many(count) : inTurn(count));
	}
}

function warmUp() {
	const sizes = { upload: 1, files: 10, blob: 2, jobs: 20, tokens: 2000, chat: 2000, grow: 2000 };
	return prepare(sizes[work] ?? Math.min(Math.max(count >> 2, 5), 2000), 2000, SHORT);
}

if (work !== "connect") {
	client = await Client.connect(url);
	await warmUp()();
}
const todo = prepare(count, size, LONG);
firstEvent = undefined;
try {
	writeFileSync("/proc/self/clear_refs", "5");
} catch {
	// The peak then includes connecting and the warm-up.
}
const rss_idle = status("VmRSS") * 1024;
const cpuBefore = cpu();
const wallBefore = performance.now();
client ??= await Client.connect(url);
const found = (await todo()) ?? {};
const facts = {
	work,
	count,
	cpu: cpu() - cpuBefore,
	wall: (performance.now() - wallBefore) / 1000,
	rss_idle,
	rss_peak: status("VmHWM") * 1024,
	threads: status("Threads"),
};
if (firstEvent) facts.first = (firstEvent - wallBefore) / 1000;
console.log(JSON.stringify({ ...facts, ...found }));
process.exit(0);
