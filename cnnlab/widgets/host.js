// Draws our widgets on a page without a kernel. A widget is written for anywidget
// (export default { initialize, render }); here it meets the part of the model that it uses,
// filled with the state stored in the page. MODULES holds what the scripts before it have put there.

function makeModel(state) {
  const listeners = new Map();
  const each = (events, act) => events.split(/\s+/).forEach(act);
  const fire = (event, ...values) => {
    for (const listener of [...(listeners.get(event) ?? [])]) listener(...values);
  };
  const model = {
    get: (key) => state[key],
    set(key, value) {
      const changes = typeof key === "string" ? { [key]: value } : key;
      const changed = Object.keys(changes).filter((name) => state[name] !== changes[name]);
      for (const name of changed) state[name] = changes[name];
      for (const name of changed) fire(`change:${name}`, model, state[name]);
      if (changed.length) fire("change", model);
    },
    on: (events, listener) =>
      each(events, (event) => {
        if (!listeners.has(event)) listeners.set(event, new Set());
        listeners.get(event).add(listener);
      }),
    off: (events, listener) =>
      each(events, (event) => {
        if (listener) listeners.get(event)?.delete(listener);
        else listeners.delete(event);
      }),
    // There is no kernel to tell.
    save_changes() {},
    send() {},
  };
  return model;
}

// The drawing takes the place of the plain table or picture that stands in the page; if it fails,
// the reader keeps that.
async function draw(place) {
  const fallback = [...place.childNodes];
  const el = document.createElement("div");
  try {
    const name = place.dataset.esm;
    if (!Object.hasOwn(MODULES, name)) throw new Error(`There is no widget "${name}".`);
    const widget = MODULES[name].default;
    const model = makeModel(JSON.parse(place.dataset.state));
    place.replaceChildren(el);
    await widget.initialize?.({ model });
    await widget.render({ model, el });
    place.dataset.drawn = "true";
  } catch (error) {
    place.replaceChildren(...fallback);
    place.dataset.drawn = "false";
    console.error(error);
  }
}

document.querySelectorAll(".cnnlab-widget[data-esm]").forEach(draw);
