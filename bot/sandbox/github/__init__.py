"""The embedded GitHub: state, REST, GraphQL, git over HTTP, webhooks, pages."""
