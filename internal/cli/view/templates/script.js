'use strict';

// What comes into view is fetched, a few pieces at a time, and put where it belongs.
const queue = [];
let running = 0;

function fetchInto(url, place) {
  return new Promise((resolve) => {
    queue.push({ url, place, resolve });
    next();
  });
}

async function next() {
  if (running >= 4 || queue.length === 0) {
    return;
  }
  const { url, place, resolve } = queue.pop(); // what came into view last is what is looked at
  running++;
  try {
    const answer = await fetch(url);
    const text = await answer.text();
    if (!answer.ok) {
      throw new Error(text);
    }
    place(text);
  } catch (err) {
    place(null, err.message || String(err));
  }
  running--;
  resolve();
  next();
}

function problem(message) {
  const p = document.createElement('span');
  p.className = 'problem';
  p.textContent = message;
  return p;
}

function fill(element, html, message) {
  if (html === null) {
    element.replaceChildren(problem(message));
    return;
  }
  element.innerHTML = html; // escaped by the server
  watch(element);
}

const seen = new IntersectionObserver((entries) => {
  for (const { isIntersecting, target } of entries) {
    if (!isIntersecting) {
      continue;
    }
    seen.unobserve(target);
    if (target.dataset.more) {
      more(target, false);
    } else {
      const url = target.dataset.lazy;
      target.removeAttribute('data-lazy');
      fetchInto(url, (html, message) => fill(target, html, message));
    }
  }
}, { rootMargin: '300px' });

function watch(element) {
  for (const lazy of element.querySelectorAll('[data-lazy], [data-more]')) {
    seen.observe(lazy);
  }
  for (const open of element.querySelectorAll('details[data-src][open]')) {
    load(open);
  }
}

// load fetches what is in a group or said of a tensor, when it is opened first.
function load(details) {
  const url = details.dataset.src;
  if (!url) {
    return;
  }
  details.removeAttribute('data-src');
  const body = details.querySelector(':scope > .body');
  body.setAttribute('aria-busy', 'true');
  body.innerHTML = '<span class="waiting">reading…</span>';
  fetchInto(url, (html, message) => {
    fill(body, html, message);
    body.removeAttribute('aria-busy');
  });
}

// more replaces a button by the rows that follow, and keeps the focus there for who pressed it.
function more(button, pressed) {
  if (button.disabled) {
    return;
  }
  button.disabled = true;
  seen.unobserve(button);
  fetchInto(button.dataset.more, (html, message) => {
    if (html === null) {
      button.replaceWith(problem(message));
      return;
    }
    const rest = document.createElement('template');
    rest.innerHTML = html;
    const first = rest.content.querySelector('summary');
    const parent = button.parentElement;
    const focused = pressed || document.activeElement === button;
    button.replaceWith(rest.content);
    watch(parent);
    if (focused && first) {
      first.focus();
    }
  });
}

document.addEventListener('toggle', (event) => {
  if (event.target.open) {
    load(event.target);
  }
}, true);

document.addEventListener('click', (event) => {
  const button = event.target.closest('button');
  if (button && button.dataset.more) {
    more(button, true);
  } else if (button && button.dataset.get) {
    const into = document.getElementById(button.dataset.into);
    button.disabled = true;
    into.innerHTML = '<p class="waiting">Reading all values…</p>';
    fetchInto(button.dataset.get, (html, message) => {
      fill(into, html, message);
      button.remove();
    });
  }
});

// The slice that a heat map shows.
document.addEventListener('change', (event) => {
  if (!event.target.dataset.axis) {
    return;
  }
  const figure = event.target.closest('figure');
  const at = [...figure.querySelectorAll('[data-axis]')].map((input) => input.value);
  const img = figure.querySelector('img');
  const url = new URL(img.src);
  url.searchParams.set('at', at.join(','));
  img.src = url;
  img.alt = img.alt.replace(/ at \[.*?\]/, ` at [${at.join(' ')}]`);
});

const form = document.getElementById('find');
if (form) {
  const tree = document.getElementById('tree');
  const input = document.getElementById('query');
  const found = document.getElementById('found');
  const whole = document.createDocumentFragment();
  let timer = 0;
  let asked = '';
  const find = () => {
    clearTimeout(timer);
    const query = input.value.trim();
    if (query === asked) {
      return;
    }
    if (asked === '') {
      whole.append(...tree.childNodes); // set aside with what was opened in it
    }
    asked = query;
    if (query === '') {
      tree.replaceChildren(whole);
      found.textContent = '';
      return;
    }
    fetchInto('find?q=' + encodeURIComponent(query), (html, message) => {
      if (query !== asked) {
        return; // an answer to what was typed before
      }
      fill(tree, html, message);
      found.textContent = tree.querySelector('[data-found]')?.dataset.found || '';
    });
  };
  input.addEventListener('input', () => {
    clearTimeout(timer);
    timer = setTimeout(find, 200);
  });
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    find();
  });
}

watch(document.body);
