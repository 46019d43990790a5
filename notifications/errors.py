"""What can be refused about being told."""

from __future__ import annotations

from app.errors import DomainError


class EndpointRefused(DomainError):
    """The push service's address is not one this server will call."""

    code = "endpoint_refused"
    status = 422
    message = "Notifications of this browser cannot be reached from here. Use mail instead."


class TooManyDevices(DomainError):
    code = "too_many_devices"
    status = 409
    message = "Notifications are on for too many devices. Turn them off on one you no longer use."


class NoDevice(DomainError):
    code = "no_device"
    status = 409
    message = "Notifications are not turned on for any device. Turn them on here first."


class DeliveryNotFound(DomainError):
    code = "delivery_not_found"
    status = 404
    message = "This notification is no longer waiting to be sent again."


class NotADemonstration(DomainError):
    """The demonstration's pages do not exist elsewhere."""

    code = "not_found"
    status = 404
    message = "There is nothing at this address."
