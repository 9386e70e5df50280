"""Compares Comity's verdicts on generated identifiers with python-stdnum.

    cargo test --test identifiers && python tests/python/stdnum_check.py target/tmp/identifiers.tsv

Each line of the file is scheme, value, verdict (valid, failed, unchecked, no-form). A value that Comity takes must be
valid here exactly if Comity says so; a value whose form Comity refuses is not compared, but for the schemes in FORMS,
where the refusal itself is compared. Ends with 1 on any difference.
"""

import collections
import importlib
import sys


def module(name):
    return importlib.import_module("stdnum." + name)


def plain(name):
    found = module(name)
    return found.is_valid


def eu_vat(value):
    return belgian(value[2:]) if value.startswith("BE") else module("eu.vat").is_valid(value)


def belgian(value):
    # stdnum takes 98 and 99 for 1 and 2; the check runs from 1 to 97.
    return module("be.vat").is_valid(value) and 1 <= int(value[-2:]) <= 97


def mx_rfc(value):
    return module("mx.rfc").calc_check_digit(value[:-1]) == value[-1]


def nzbn(value):
    return module("ean").is_valid(value)


def cn_uscc(value):
    return module("cn.uscc").calc_check_digit(value[:-1]) == value[-1]


def is_kennitala(value):
    return module("is_.kennitala").checksum(value) == 0


def il_company(value):
    return module("luhn").is_valid(value)


def thai(value):
    return module("th.pin").calc_check_digit(value[:-1]) == value[-1]


def cz_ico(value):
    return module("cz.dic").calc_check_digit_legal(value[:-1]) == value[-1]


def es_cif(value):
    return module("es.cif").is_valid(value)


def ro_cui(value):
    return module("ro.cui").calc_check_digit(value[:-1]) == value[-1]


def lv(value):
    return module("lv.pvn").checksum(value) == 3


def br_cnpj(value):
    return module("br.cnpj").calc_check_digits(value) == value[-2:]


CHECKS = {
    "lei": plain("lei"),
    "eu-vat": eu_vat,
    "ca-bn": plain("ca.bn"),
    "de-ust-id": plain("de.vat"),
    "at-uid": plain("at.uid"),
    "ch-uid": plain("ch.uid"),
    "fr-siren": plain("fr.siren"),
    "fr-siret": plain("fr.siret"),
    "fr-tva": plain("fr.tva"),
    "be-enterprise": belgian,
    "lu-tva": plain("lu.tva"),
    "se-orgnr": plain("se.orgnr"),
    "no-orgnr": plain("no.orgnr"),
    "dk-cvr": plain("dk.cvr"),
    "fi-ytunnus": plain("fi.ytunnus"),
    "is-kennitala": is_kennitala,
    "it-partita-iva": plain("it.iva"),
    "es-cif": es_cif,
    "pt-nif": plain("pt.nif"),
    "gr-afm": plain("gr.vat"),
    "pl-nip": plain("pl.nip"),
    "pl-regon": plain("pl.regon"),
    "cz-ico": cz_ico,
    "hu-adoszam": plain("hu.anum"),
    "ro-cui": ro_cui,
    "bg-eik": lambda value: module("bg.vat").calc_check_digit_legal(value[:-1]) == value[-1],
    "hr-oib": plain("hr.oib"),
    "si-davcna": plain("si.ddv"),
    "ee-registrikood": plain("ee.registrikood"),
    "ee-kmkr": plain("ee.kmkr"),
    "lv-regnumber": lv,
    "lt-code": lambda value: module("lt.pvm").calc_check_digit(value[:-1]) == value[-1],
    "ua-edrpou": plain("ua.edrpou"),
    "ru-ogrn": plain("ru.ogrn"),
    "ru-inn": plain("ru.inn"),
    "au-acn": plain("au.acn"),
    "au-abn": plain("au.abn"),
    "nz-nzbn": nzbn,
    "jp-corporate-number": plain("jp.cn"),
    "cn-uscc": cn_uscc,
    "th-juristic": thai,
    "il-company-number": il_company,
    "br-cnpj": br_cnpj,
    "mx-rfc": mx_rfc,
    "ar-cuit": lambda value: module("ar.cuit").calc_check_digit(value[:-1]) == value[-1],
    "cl-rut": plain("cl.rut"),
    "pe-ruc": plain("pe.ruc"),
}

# Schemes without check digits, whose form stdnum knows.
FORMS = {"us-ein": plain("us.ein")}


def main():
    compared = collections.Counter()
    valid = collections.Counter()
    different = []
    with open(sys.argv[1], encoding="utf-8") as lines:
        for line in lines:
            scheme, value, verdict = line.rstrip("\n").split("\t")
            if scheme in FORMS:
                ours, theirs = verdict != "no-form", FORMS[scheme](value)
            elif verdict in ("valid", "failed"):
                ours, theirs = verdict == "valid", CHECKS[scheme](value)
            else:
                continue
            compared[scheme] += 1
            valid[scheme] += ours
            if ours != theirs:
                different.append(f"{scheme} {value}: here {ours}, python-stdnum {theirs}")
    for scheme in sorted(compared):
        print(f"{scheme:36} {compared[scheme]:6} compared, {valid[scheme]:5} valid")
    missing = sorted((set(CHECKS) | set(FORMS)) - set(compared))
    if missing:
        different.append("never compared: " + ", ".join(missing))
    print("\n".join(different[:50]))
    print(f"{sum(compared.values())} compared, {len(different)} different")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
