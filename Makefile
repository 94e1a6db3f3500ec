# The commands of this project; `make help` lists them.
.DEFAULT_GOAL := help
.PHONY: help run test lint bench deploy

# Where `make deploy` deploys to: an environment of samconfig.toml.
ENV ?= default

help: ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

run: ## the whole backend on this machine, until Ctrl-C (settings: .env.example)
	@dev/up

test: ## every check and every test, the end-to-end journey included
	@dev/test

lint: ## formatting, clippy and the template's checks alone
	@dev/test --lint

bench: ## size and start of each function as it is deployed
	@dev/bench

deploy: ## build and deploy to AWS: make deploy ENV=default|staging|prod
	@dev/build release
	.dev/sam/bin/sam deploy --config-env $(ENV)
