// Data that a front end loads when it needs them, such as the weights of trained networks: JSON files, which its
// Python class names. They come from three places: from the page itself (a widget saved on a page of its own), from a
// script beside this one (the book; a script also loads on file://, where fetch does not), or from Python (a notebook).

// Where this script was loaded from; in a notebook, and inside a saved page, from nowhere.
const HERE = globalThis.document?.currentScript?.src;
const asked = new Map();

/** Promise of what the file NAME.json holds. `model` is the model of the widget. */
export function load(name, model) {
  const there = () => globalThis.cnnlabData?.[name];
  if (there()) return Promise.resolve(there());
  if (!asked.has(name)) {
    const answer = HERE ? fromScript(new URL(`data/${name}.js`, HERE), there) : fromPython(name, model);
    asked.set(name, answer);
    answer.catch(() => asked.delete(name)); // who asks again tries again
  }
  return asked.get(name);
}

function fromScript(address, there) {
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = address;
    script.onload = () => (there() ? resolve(there()) : script.onerror());
    script.onerror = () => reject(new Error(`${address} could not be loaded.`));
    document.head.append(script);
  });
}

function fromPython(name, model) {
  return new Promise((resolve) => {
    const listen = (message) => {
      if (message?.data !== name) return;
      model.off("msg:custom", listen);
      resolve(message.content);
    };
    model.on("msg:custom", listen);
    model.send({ data: name });
  });
}

/** Call `act` once, when the element is about to be seen. Returns a function that calls it off. */
export function whenNear(node, act) {
  const observer = new IntersectionObserver((entries) => {
    if (!entries.some((entry) => entry.isIntersecting)) return;
    observer.disconnect();
    act();
  }, { rootMargin: "50%" });
  observer.observe(node);
  return () => observer.disconnect();
}
