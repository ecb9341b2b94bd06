// The maps of the clusterings, to be pointed at. Without this script the page shows them as pictures.
// All texts come from the user's files, and are only ever set as text.
(async () => {
  const MOST_SHOWN = 60; // images of a group
  const PALE = "#dddddd";
  const data = JSON.parse(document.getElementById("map-data").textContent);
  const blocks = [...document.querySelectorAll(".clustering")];
  const explorer = document.getElementById("explorer");
  const find = (selector) => explorer.querySelector(selector);
  const [canvas, tip, colours, status] = [find("canvas"), find(".tip"), find("#colours"), find("[role=status]")];
  const context = canvas.getContext("2d");

  const bytes = (text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0)).buffer;
  const count = (n) => n.toLocaleString("en");
  const element = (name, properties = {}, ...children) => {
    const made = Object.assign(document.createElement(name), properties);
    made.append(...children);
    return made;
  };

  for (const split of Object.values(data.splits)) {
    split.numbers = new Uint32Array(bytes(split.numbers));
    if (split.classes) split.classes.labels = new Uint16Array(bytes(split.classes.labels));
    if (split.pictures) split.sheet = element("img", { src: split.pictures.source });
  }
  for (const clustering of data.clusterings) {
    for (const name of ["x", "y"]) clustering[name] = new Uint16Array(bytes(clustering[name]));
    clustering.order = new Uint32Array(bytes(clustering.order));
    clustering.clusters.labels = new Uint16Array(bytes(clustering.clusters.labels));
  }

  // What is shown. Points are numbered from 0, in the order of the data.
  let clustering, split, groups; // of the data; `groups` are clusters or classes
  let chosen = null; // a group
  let marked = null; // a point
  let focused = null; // a point whose image has the focus: it stays marked when the mouse points at nothing
  let places = []; // of the points on the whole map: [x, y] in pixels
  let tree; // of the points, by their places
  let view = d3.zoomIdentity; // of the map: moved and magnified

  // --- The map ---

  function layOut() {
    const { x, y } = clustering;
    const [width, height, margin] = [canvas.clientWidth, Math.min(canvas.clientWidth, 520), 14];
    const [right, top] = [d3.max(x) || 1, d3.max(y) || 1];
    const scale = Math.min((width - 2 * margin) / right, (height - 2 * margin) / top);
    const [left, bottom] = [(width - scale * right) / 2, (height + scale * top) / 2];
    places = Array.from(x, (_, point) => [left + scale * x[point], bottom - scale * y[point]]);
    tree = d3.quadtree(d3.range(places.length), (point) => places[point][0], (point) => places[point][1]);
    canvas.style.height = `${height}px`;
    canvas.width = width * devicePixelRatio;
    canvas.height = height * devicePixelRatio;
    zoom.extent([[0, 0], [width, height]]).translateExtent([[0, 0], [width, height]]);
    draw();
  }

  let frame = 0;
  function draw() {
    cancelAnimationFrame(frame);
    frame = requestAnimationFrame(paint);
  }

  function paint() {
    const radius = Math.min(4, Math.max(1.5, 60 / Math.sqrt(places.length))) * Math.sqrt(view.k);
    const dot = (point, colour) => {
      context.fillStyle = colour;
      context.beginPath();
      context.arc(...view.apply(places[point]), radius, 0, 2 * Math.PI);
      context.fill();
    };
    context.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
    context.clearRect(0, 0, canvas.width, canvas.height);
    context.globalAlpha = 0.6;
    groups.labels.forEach((group, point) => {
      if (group !== chosen) dot(point, chosen === null ? groups.colours[group] : PALE);
    });
    groups.labels.forEach((group, point) => {
      if (group === chosen) dot(point, groups.colours[group]);
    });
    context.globalAlpha = 1;
    writeNames();
    if (marked !== null) {
      context.beginPath();
      context.arc(...view.apply(places[marked]), radius + 4, 0, 2 * Math.PI);
      context.strokeStyle = "#000000";
      context.lineWidth = 2;
      context.stroke();
    }
  }

  // The names of the groups that have a colour of their own, at the medians of their points.
  function writeNames() {
    Object.assign(context, { font: "bold 13px system-ui, sans-serif", textAlign: "center", textBaseline: "middle" });
    Object.assign(context, { lineWidth: 4, lineJoin: "round", strokeStyle: "#ffffff", fillStyle: "#000000" });
    for (const [group, points] of members()) {
      if (groups.colours[group] === data.gray) continue;
      const name = groups.names[group].replace(/^cluster (?=\d+$)/, "");
      const text = name.length > 14 ? `${name.slice(0, 13)}…` : name;
      const place = view.apply([0, 1].map((axis) => d3.median(points, (point) => places[point][axis])));
      context.strokeText(text, ...place);
      context.fillText(text, ...place);
    }
  }

  const members = () => d3.group(d3.range(places.length), (point) => groups.labels[point]);

  // One finger, and the wheel alone, move the page.
  const zoom = d3.zoom().scaleExtent([1, 40]).clickDistance(4)
    .filter((event) => (event.type === "wheel" ? event.ctrlKey || event.metaKey : event.touches ? event.touches.length > 1 : !event.button))
    .on("zoom", (event) => {
      view = event.transform;
      mark(focused);
    });

  // --- A point ---

  function name(point) {
    const number = `${data.thing} ${count(split.numbers[point])}`;
    return split.names ? `${split.names[point]} (${number})` : number;
  }

  function description(point) {
    const lines = [name(point), clustering.clusters.names[clustering.clusters.labels[point]]];
    if (split.classes) lines.push(`class ${split.classes.names[split.classes.labels[point]]}`);
    return lines;
  }

  function picture(point, side) {
    const { width, height, columns } = split.pictures;
    const scale = side / Math.max(width, height);
    const made = element("canvas", { width, height });
    Object.assign(made.style, { width: `${width * scale}px`, height: `${height * scale}px` });
    const [left, top] = [(point % columns) * width, Math.floor(point / columns) * height];
    made.getContext("2d").drawImage(split.sheet, left, top, width, height, 0, 0, width, height);
    return made;
  }

  function mark(point) {
    marked = point;
    tip.hidden = point === null;
    if (point !== null) {
      tip.replaceChildren(element("div", {}, ...description(point).map((line) => element("div", { textContent: line }))));
      if (split.pictures) tip.prepend(picture(point, 96));
      // Beside the point, on the side where there is more room. The point may be outside of the view.
      const room = [canvas.clientWidth, canvas.clientHeight];
      const size = [tip.offsetWidth, tip.offsetHeight];
      const [left, top] = view.apply(places[point]).map((at, axis) => {
        const beside = at < room[axis] / 2 ? at + 12 : at - 12 - size[axis];
        return Math.max(0, Math.min(beside, room[axis] - size[axis]));
      });
      Object.assign(tip.style, { left: `${left}px`, top: `${top}px` });
    }
    draw();
  }

  function pointAt(event) {
    return tree.find(...view.invert(d3.pointer(event, canvas)), 20 / view.k) ?? null;
  }

  // --- A group ---

  function choose(group) {
    chosen = group;
    for (const button of find(".groups").querySelectorAll("button")) {
      button.setAttribute("aria-pressed", Number(button.value) === group);
    }
    showGallery();
    draw();
  }

  function showGallery() {
    const gallery = find(".gallery");
    gallery.replaceChildren();
    focused = null;
    status.textContent = "";
    if (chosen === null) return;
    const byDistance = groups === clustering.clusters && chosen !== groups.noise;
    const points = (byDistance ? [...clustering.order] : d3.range(places.length)).filter((point) => groups.labels[point] === chosen);
    const shown = points.slice(0, MOST_SHOWN);
    const size = groups.sizes[chosen];
    const onMap = points.length < size ? `, ${count(points.length)} on the map` : "";
    const which = byDistance ? "nearest to the centroid first" : "by number";
    const most = shown.length < points.length ? `, ${shown.length} shown` : "";
    status.textContent = `${groups.names[chosen]}: ${count(size)} ${data.thing}s${onMap}${most}, ${which}`;
    for (const point of shown) {
      const button = element("button", { type: "button" }, split.pictures ? picture(point, 48) : name(point));
      button.setAttribute("aria-label", description(point).join(", "));
      button.addEventListener("focus", () => mark((focused = point)));
      button.addEventListener("blur", () => mark((focused = null)));
      button.addEventListener("mouseenter", () => mark(point));
      button.addEventListener("mouseleave", () => mark(focused));
      gallery.append(element("li", {}, button));
    }
  }

  function showGroups() {
    groups = colours.value === "classes" && split.classes ? split.classes : clustering.clusters;
    const buttons = groups.names.map((text, group) => {
      const swatch = element("span", { className: "swatch" });
      swatch.style.background = groups.colours[group];
      const button = element("button", { type: "button", value: group }, swatch, `${text} (${count(groups.sizes[group])})`);
      button.addEventListener("click", () => choose(chosen === group ? null : group));
      return element("li", {}, button);
    });
    find(".groups").replaceChildren(...buttons);
    choose(null);
  }

  // --- A clustering ---

  function show(number) {
    clustering = data.clusterings[number];
    split = data.splits[clustering.split];
    find(".colours").hidden = !split.classes;
    blocks.forEach((block, other) => block.classList.toggle("other", other !== number));
    const figure = blocks[number].querySelector("figure.map");
    figure.classList.add("explored");
    figure.prepend(explorer);
    explorer.hidden = false;
    showGroups();
    d3.select(canvas).call(zoom.transform, d3.zoomIdentity);
    layOut();
  }

  d3.select(canvas).call(zoom)
    .on("mousemove", (event) => {
      const point = pointAt(event) ?? focused;
      if (point !== marked) mark(point);
    })
    .on("mouseleave", () => mark(focused))
    .on("click", (event) => {
      const point = pointAt(event);
      if (point !== null && groups.labels[point] !== chosen) choose(groups.labels[point]);
      mark(point);
    });
  for (const button of explorer.querySelectorAll("[data-zoom]")) {
    button.addEventListener("click", () => {
      const factor = Number(button.dataset.zoom);
      if (factor) d3.select(canvas).call(zoom.scaleBy, factor);
      else d3.select(canvas).call(zoom.transform, d3.zoomIdentity);
    });
  }
  colours.addEventListener("change", showGroups);
  const select = document.getElementById("shown");
  select.append(...blocks.map((block, number) => element("option", { value: number, textContent: block.querySelector("h3").textContent })));
  select.addEventListener("change", () => show(select.selectedIndex));
  document.getElementById("chooser").hidden = blocks.length < 2;
  await Promise.allSettled(Object.values(data.splits).map((split) => split.sheet?.decode()));
  show(0);
  new ResizeObserver(layOut).observe(canvas.parentElement);
})();
