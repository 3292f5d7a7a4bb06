// SPDX-License-Identifier: BSD-2-Clause
//
// Looks for news every other second and puts what changed into the page, so
// that what is read, selected or has the focus stays where it is.
"use strict";
(() => {
	const EVERY = 2000;
	const fresh = document.getElementById("fresh");
	const pause = document.getElementById("pause");
	let paused = false;
	let timer = 0;
	let pointer = null;

	const same = (a, b) => a.nodeType === b.nodeType &&
	    a.nodeName === b.nodeName;

	function become(old, now) {
		if (old.nodeType !== Node.ELEMENT_NODE) {
			if (old.nodeValue !== now.nodeValue)
				old.nodeValue = now.nodeValue;
			return;
		}
		for (const { name } of [...old.attributes])
			if (!now.hasAttribute(name))
				old.removeAttribute(name);
		for (const { name, value } of now.attributes)
			if (old.getAttribute(name) !== value)
				old.setAttribute(name, value);
		const before = [...old.childNodes];
		const after = [...now.childNodes];
		after.forEach((child, i) => {
			if (i >= before.length)
				old.append(child);
			else if (same(before[i], child))
				become(before[i], child);
			else
				before[i].replaceWith(child);
		});
		before.slice(after.length).forEach((child) => child.remove());
	}

	// Its style and script are here already, and may not be there: each
	// answer has a nonce of its own.
	function show(text) {
		const page = new DOMParser().parseFromString(
		    text.replace(/<(style|script)\b[^]*?<\/\1>/g, ""),
		    "text/html");
		for (const what of ["main", "#fresh", "footer"])
			become(document.querySelector(what),
			    page.querySelector(what));
		become(document.querySelector("link[rel=icon]"),
		    page.querySelector("link[rel=icon]"));
		document.title = page.title;
	}

	async function look() {
		clearTimeout(timer);
		let old = false;
		try {
			const answer = await fetch(location.href, {
				cache: "no-store",
				headers: { Accept: "text/html" },
				signal: AbortSignal.timeout(5 * EVERY) });
			if (!answer.ok)
				throw new Error(answer.status);
			show(await answer.text());
			if (pointer)
				point(pointer);
		} catch {
			old = true;
		}
		fresh.parentNode.classList.toggle("old", old);
		later();
	}

	function later() {
		clearTimeout(timer);
		if (!paused && !document.hidden)
			timer = setTimeout(look, EVERY);
	}

	// ---- what stands under the pointer, in a plot ----

	const many = (n, what) =>
	    `${n.toLocaleString()} ${what}${n === 1 ? "" : "s"}`;

	const time = (us) => us < 1e3 ? `${us} µs` :
	    us < 1e6 ? `${+(us / 1e3).toPrecision(3)} ms` :
		`${+(us / 1e6).toPrecision(3)} s`;

	const ago = (s) => s < 60 ? `${s} s ago` : s < 3600 ?
	    `${Math.round(s / 60)} min ago` :
	    `${Math.floor(s / 3600)} h ${Math.round(s % 3600 / 60)} min ago`;

	function tell(value) {
		const [one, two] = value.split(" ");
		return one.endsWith("us") ?
		    `p50 ${time(parseInt(one))}, p99 ${time(parseInt(two))}` :
		    `${many(+one, "request")}, ${many(+two, "error")}`;
	}

	function point(event) {
		const plot = event.target.closest?.(".plot");
		const area = plot?.querySelector("svg").getBoundingClientRect();
		const values = plot?.dataset.values.split(",");
		const i = plot && Math.floor((event.clientX - area.left) /
		    area.width * values.length);
		for (const other of document.querySelectorAll(".told"))
			if (other.parentNode !== plot)
				other.remove();
		if (!plot || i < 0 || i >= values.length)
			return;
		const told = plot.querySelector(".told") ??
		    plot.appendChild(document.createElement("p"));
		told.className = "told";
		told.textContent = `${ago((values.length - i) *
		    plot.dataset.each)}: ${values[i] ? tell(values[i]) :
		    "nothing"}`;
	}

	document.addEventListener("pointermove", (event) => {
		pointer = event;
		point(event);
	});

	pause.addEventListener("click", () => {
		paused = !paused;
		pause.textContent = paused ? "Go on" : "Pause";
		if (!paused)
			look();
		later();
	});
	document.addEventListener("visibilitychange", () => {
		if (!paused && !document.hidden)
			look();
	});
	document.getElementById("again").hidden = true;
	pause.hidden = false;
	later();
})();
