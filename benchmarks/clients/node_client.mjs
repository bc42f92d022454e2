// `@gradio/client` of npm on Node, as its documentation shows it. The same works and the same
// line of JSON as harness.py; GRADIO_CLIENT names the installed package's folder.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";

const SHORT = 0.005;
const LONG = 2.0;

const entry = join(process.env.GRADIO_CLIENT, "dist", "index.js");
const { Client } = await import(pathToFileURL(entry).href);
const [url, work] = process.argv.slice(2, 4);
const [count, inFlight] = process.argv.slice(4).map(Number);
let client;

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

async function predict(endpoint, text, ...rest) {
	const { data } = await client.predict(endpoint, [text, ...rest]);
	check(data[0] === text, `wrong answer ${data[0]}`);
}

async function many(size) {
	let next = 0;
	const worker = async () => {
		while (next < size) await predict("/wait", `hello ${next++}`, SHORT);
	};
	await Promise.all(Array.from({ length: inFlight }, worker));
}

async function tokens(size) {
	let seen = 0;
	for await (const event of client.submit("/tokens", [size])) {
		if (event.type === "data") seen += 1;
	}
	check(seen >= size, `${seen} of ${size} messages seen`);
}

async function jobs(size, seconds) {
	const running = Array.from({ length: size }, (_, i) => predict("/wait", `hello ${i}`, seconds));
	await sleep((seconds * 1000) / 2);
	const threads = status("Threads");
	await Promise.all(running);
	return threads;
}

async function run(size, seconds) {
	if (work === "tokens") return tokens(size);
	if (work === "jobs") return jobs(size, seconds);
	if (inFlight > 1) return many(size);
	for (let i = 0; i < size; i++) await predict("/echo", `hello ${i}`);
}

if (work !== "connect") {
	client = await Client.connect(url);
	const size = work === "jobs" ? 20 : Math.min(Math.max(count >> 2, 5), 2000);
	await run(size, SHORT);
}
try {
	writeFileSync("/proc/self/clear_refs", "5");
} catch {
	// The peak then includes connecting and the warm-up.
}
const rss_idle = status("VmRSS") * 1024;
const cpuBefore = cpu();
const wallBefore = performance.now();
client ??= await Client.connect(url);
const threads = (await run(count, LONG)) ?? status("Threads");
const facts = {
	work,
	count,
	cpu: cpu() - cpuBefore,
	wall: (performance.now() - wallBefore) / 1000,
	rss_idle,
	rss_peak: status("VmHWM") * 1024,
	threads,
};
console.log(JSON.stringify(facts));
process.exit(0);
